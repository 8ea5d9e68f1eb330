import NN
import Torch

/// What a checkpoint keeps of a method, and how it comes back.
///
/// Tensors are copied into those that the networks, the queues and the optimiser have already, so they keep their
/// memory format: without that a run in channels-last would not repeat bit for bit.
extension Objective {
  /// Everything that the next step depends on: `query.…`, the method's own, `optimiser.…`, `random`.
  func tensors() throws -> [String: Tensor] {
    var all = backbone.store.tensors(prefix: "query.")
    all.merge(memory) { a, _ in a }
    for (name, tensor) in optimiser.state { all["optimiser." + name] = tensor }
    all["random"] = try LibTorch.randomState()
    return all
  }

  /// Numbers of the state, for the checkpoint's metadata.
  var numbers: [String: String] {
    counters.merging(["step": step]) { a, _ in a }.mapValues { String($0) }
  }

  /// Takes up the state of a checkpoint.
  ///
  /// - Throws: ``PretrainError/checkpoint(path:problem:)`` when something is missing or of another shape.
  mutating func restore(_ archive: SafeTensors, path: String) throws {
    func bad(_ problem: String) -> PretrainError { .checkpoint(path: path, problem: problem) }
    func number(_ name: String) throws -> Int {
      guard let text = archive.metadata[name], let value = Int(text), value >= 0 else {
        throw bad("it lacks the number \(name)")
      }
      return value
    }
    do {
      try backbone.store.load(archive.tensors, prefix: "query.")
      try optimiser.load(
        archive.tensors.reduce(into: [:]) { state, entry in
          guard entry.key.hasPrefix("optimiser.") else { return }
          state[String(entry.key.dropFirst("optimiser.".count))] = entry.value
        })
    } catch {
      throw bad("\(error)")
    }
    for (name, tensor) in memory {
      guard let saved = archive.tensors[name], saved.shape == tensor.shape else {
        throw bad("its \(name) is missing or of another shape")
      }
      withoutGradients { tensor.copy(from: saved) }
    }
    let names = Array(counters.keys)
    let values = try Dictionary(uniqueKeysWithValues: names.map { ($0, try number($0)) })
    guard restore(values) else { throw bad("queue out of range") }
    descent.step = try number("step")
    guard let random = archive.tensors["random"] else { throw bad("it lacks the random state") }
    try LibTorch.setRandomState(random)
  }
}
