import CTorch
import Foundation

/// The library behind the tensors: whether it is there, and what it does for the whole process.
public enum LibTorch {
  /// Loads the library; every command that needs a tensor does this first.
  ///
  /// Throws one sentence that says what to install or build. Without it the first tensor aborts with that sentence.
  public static func load() throws(TorchError) {
    if let sentence = ctorch_load() { throw .unavailable(String(cString: sentence)) }
  }

  /// The version of LibTorch that the binding was compiled against, like `1.13.0`.
  public static var version: String { String(cString: ctorch_version()) }

  /// Threads of one operation on the CPU. Debian's LibTorch starts with one.
  public static var threads: Int {
    get { Int(ctorch_threads()) }
    set { ctorch_set_threads(Int32(clamping: newValue)) }
  }

  /// Sets the threads of one operation on the CPU; 0: one for each core that this process may use.
  public static func use(threads count: Int) {
    threads = count > 0 ? count : ProcessInfo.processInfo.activeProcessorCount
  }

  /// Whether cuDNN tries its algorithms on the first batch of a shape and keeps the fastest (CUDA).
  public static func setAlgorithmSearch(_ on: Bool) throws(TorchError) {
    try throwing { ctorch_set_algorithm_search(on ? 1 : 0, $0) }
  }

  /// Seeds the default generators, which only dropout draws from: everything else takes a seed of its own.
  public static func manualSeed(_ seed: UInt64) throws(TorchError) {
    try throwing { ctorch_manual_seed(seed, $0) }
  }

  /// The state of the CPU's default generator, uint8, for a checkpoint.
  public static func randomState() throws(TorchError) -> Tensor {
    try throwing { ctorch_random_state($0) }
  }

  /// Puts the CPU's default generator back to a saved state.
  public static func setRandomState(_ state: Tensor) throws(TorchError) {
    try throwing { ctorch_set_random_state(state.handle, $0) }
  }
}
