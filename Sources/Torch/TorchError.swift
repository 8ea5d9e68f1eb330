/// What can go wrong with tensors from outside: devices, host memory, archives.
///
/// A wrong shape is not among them: that is a wrong program, and traps with LibTorch's sentence.
public enum TorchError: Error, Sendable, Equatable {
  /// LibTorch, or the library that binds it, is not there; what is missing and what to do.
  case unavailable(String)
  /// LibTorch refused; its own sentence.
  case refused(String)
  /// No memory of the host or the device was left; LibTorch's own sentence.
  case outOfMemory(String)
  /// A file could not be opened, read or written; the reason is the operating system's.
  case file(path: String, reason: String)
  /// A file is not the safetensors archive that it claims to be.
  case archive(path: String, reason: String)
  /// An element type that archives hold and tensors do not, or the reverse.
  case unsupportedType(path: String, tensor: String, type: String)
}

extension TorchError: CustomStringConvertible {
  /// One sentence: what is wrong, and where there is something to do, what.
  public var description: String {
    switch self {
    case .unavailable(let sentence): sentence
    case .refused(let sentence): "LibTorch refuses: \(sentence)"
    case .outOfMemory(let sentence):
      "not enough memory (\(sentence)); use smaller batches or crops"
    case .file(let path, let reason): "\(path): \(reason)"
    case .archive(let path, let reason): "\(path) is not a usable safetensors archive: \(reason)"
    case .unsupportedType(let path, let tensor, let type):
      "\(path): tensor \(tensor) has element type \(type), which tensors here cannot hold"
    }
  }
}
