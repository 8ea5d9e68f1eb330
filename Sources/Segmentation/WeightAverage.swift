import NN

/// The running mean of a network's weights over the steps (Polyak and Juditsky, 1992): steadier than
/// the last of them.
struct WeightAverage {
  /// The network with the mean weights, and the mean of the running statistics that came with them.
  let network: SegmentationNetwork
  private let kept: Double

  /// Begins with the weights that `network` has.
  init(of network: SegmentationNetwork, keeping kept: Double) throws {
    let store = network.store
    self.network = try SegmentationNetwork(
      network.description, device: store.device, format: store.format)
    self.network.store.copy(from: store)
    self.kept = kept
  }

  /// Moves the mean towards weights after a step, counted from 0: mean ← k · mean + (1 − k) · weights.
  ///
  /// k is at most (1 + step) / (10 + step), so that the first weights are soon forgotten.
  func follow(_ other: SegmentationNetwork, step: Int) {
    let share = min(kept, Double(1 + step) / Double(10 + step))
    network.store.lerp(to: other.store, weight: 1 - share)
    network.store.lerpBuffers(to: other.store, weight: 1 - share)
  }
}
