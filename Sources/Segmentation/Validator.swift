import Loader
import Models
import NN
import Torch

/// Scores a network on the labelled volumes of the validation split, on their slices as prepared.
struct Validator {
  /// Mean Dice over the volumes: of the classes together, and by class.
  struct Scores {
    var mean: Double
    var byClass: [String: Double]
  }

  private let data: LabelledSlices
  private let volumes: [SliceSelection]
  private let table: ClassTable
  private let recipe: FinetuneRecipe
  private let device: Device

  init(_ data: LabelledSlices, _ table: ClassTable, _ recipe: FinetuneRecipe, _ device: Device) {
    (self.data, self.table, self.recipe, self.device) = (data, table, recipe, device)
    let slices = data.source.slices(ofVolumes: data.labelled(data.validation))
    volumes = slices.volumes.map { slices.part(ofVolumes: [$0]) }
  }

  /// Whether there is nothing to score.
  var isEmpty: Bool { volumes.isEmpty }

  /// Dice of every volume and class, averaged; nil when nothing is labelled.
  ///
  /// A class that a volume neither has nor is given counts as 1.
  func scores(of network: SegmentationNetwork) throws -> Scores? {
    guard !volumes.isEmpty else { return nil }
    var sums = [Double](repeating: 0, count: table.labels.count)
    for slices in volumes {
      let counts = try counts(network, slices)
      for output in 1..<sums.count { sums[output] += counts.dice(output) }
    }
    let means = sums.map { $0 / Double(volumes.count) }
    let names = table.labels.map { data.labelNames[$0] ?? String($0) }
    let byClass = zip(names, means).dropFirst()
    return Scores(
      mean: means.dropFirst().reduce(0, +) / Double(means.count - 1),
      byClass: Dictionary(byClass.map { ($0, $1) }, uniquingKeysWith: { first, _ in first }))
  }

  private func counts(_ network: SegmentationNetwork, _ slices: SliceSelection) throws
    -> PixelCounts
  {
    var counts = PixelCounts(classes: table.labels.count)
    var batches = VolumeBatches(data.source, slices: slices, batchSize: recipe.batch)
    while let batch = try batches.next() {
      let images = try batch.imageTensor(recipe, device)  // N×C×H×W
      let found = withoutGradients {
        withPrecision(recipe.precision, device) { network(images, .evaluation)[0] }
          .indexOfLargest(axis: 1)  // N×H×W
      }
      counts.add(try found.array(of: Int64.self), try table.outputs(of: batch.labels))
    }
    return counts
  }
}

/// Pixels of each class found, true, and both; pixels that are not labelled do not count.
private struct PixelCounts {
  private var found, truth, both: [Int]

  init(classes: Int) {
    found = [Int](repeating: 0, count: classes)
    (truth, both) = (found, found)
  }

  mutating func add(_ outputs: [Int64], _ labels: [Int64]) {
    for (output, label) in zip(outputs, labels) where label != 255 {
      found[Int(output)] &+= 1
      truth[Int(label)] &+= 1
      if output == label { both[Int(label)] &+= 1 }
    }
  }

  func dice(_ output: Int) -> Double {
    let sum = found[output] + truth[output]
    return sum == 0 ? 1 : 2 * Double(both[output]) / Double(sum)
  }
}
