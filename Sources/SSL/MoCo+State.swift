import NN
import Torch

/// What a checkpoint keeps of MoCo, and how it comes back.
///
/// Tensors are copied into those that the networks, the queue and the optimiser have already, so they
/// keep their memory format: without that a run in channels-last would not repeat bit for bit.
extension MoCo {
  /// Everything that the next step depends on: `query.…`, `key.…`, `queue.…`, `optimiser.…`, `random`.
  func tensors() throws -> [String: Tensor] {
    var all = query.store.tensors(prefix: "query.")
    all.merge(key.store.tensors(prefix: "key.")) { a, _ in a }
    for (name, tensor) in optimiser.state { all["optimiser." + name] = tensor }
    if let queue {
      all["queue.keys"] = queue.keys
      all["queue.volumes"] = queue.tags.volumes
      all["queue.positions"] = queue.tags.positions
    }
    all["random"] = try LibTorch.randomState()
    return all
  }

  /// Numbers of the state, for the checkpoint's metadata.
  var counters: [String: String] {
    [
      "step": String(step), "queue.pointer": String(queue?.pointer ?? 0),
      "queue.filled": String(queue?.filled ?? 0),
    ]
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
      try query.store.load(archive.tensors, prefix: "query.")
      try key.store.load(archive.tensors, prefix: "key.")
      try optimiser.load(
        archive.tensors.reduce(into: [:]) { state, entry in
          guard entry.key.hasPrefix("optimiser.") else { return }
          state[String(entry.key.dropFirst("optimiser.".count))] = entry.value
        })
    } catch {
      throw bad("\(error)")
    }
    if queue != nil {
      guard let keys = archive.tensors["queue.keys"], keys.shape == queue?.keys.shape,
        let volumes = archive.tensors["queue.volumes"], volumes.shape == [keys.shape[0]],
        let positions = archive.tensors["queue.positions"], positions.shape == [keys.shape[0]]
      else { throw bad("its queue is missing or of another shape") }
      let (pointer, filled) = (try number("queue.pointer"), try number("queue.filled"))
      guard pointer < keys.shape[0], filled <= keys.shape[0] else {
        throw bad("queue out of range")
      }
      queue?.restore(
        keys: keys, tags: SliceTags(volumes: volumes, positions: positions), pointer: pointer,
        filled: filled)
    }
    step = try number("step")
    guard let random = archive.tensors["random"] else { throw bad("it lacks the random state") }
    try LibTorch.setRandomState(random)
  }
}
