import Loader
import Prepare

/// Slices with labels to learn from, how they were prepared, and which volumes may be used for what.
public struct LabelledSlices: Sendable {
  /// The slices.
  public var source: any SliceSource
  /// The pseudonyms of the volumes, by ordinal.
  public var volumes: [String]
  /// Volumes (ordinals) of the training split.
  public var training: [Int]
  /// Volumes (ordinals) of the validation split.
  public var validation: [Int]
  /// What the labels are called; their numbers are the classes, 0 being the background.
  public var labelNames: [Int: String]
  /// The recipe that made the slices, as JSON with sorted keys.
  public var preparation: String
  /// The DICOM modality that the slices were normalised as, where all were alike; else empty.
  public var modality: String
  /// A digest of the data, for the record.
  public var digest: String

  /// Gathers what fine-tuning needs.
  public init(
    source: any SliceSource, volumes: [String], training: [Int], validation: [Int],
    labelNames: [Int: String], preparation: String, modality: String = "", digest: String = ""
  ) {
    (self.source, self.volumes) = (source, volumes)
    (self.training, self.validation) = (training, validation)
    (self.labelNames, self.preparation) = (labelNames, preparation)
    (self.modality, self.digest) = (modality, digest)
  }

  /// The volumes among `volumes` of which at least one slice has a label, in their order.
  public func labelled(_ volumes: [Int]) -> [Int] {
    let wanted = Set(volumes)
    var found = Set<Int>()
    for slice in 0..<source.count where source.hasLabel(slice) {
      let volume = source.volume(of: slice)
      if wanted.contains(volume) { found.insert(volume) }
    }
    return volumes.filter(found.contains)
  }

  /// The first `count` labelled volumes of the training split in an order that the seed and their
  /// pseudonyms fix; all of them for 0.
  ///
  /// Subsets of one seed are nested: whatever is in the subset of 4 is in the subset of 8.
  ///
  /// - Throws: ``SegmentationError/tooFewVolumes(wanted:labelled:)``.
  public func subset(_ count: Int, seed: UInt64) throws(SegmentationError) -> [Int] {
    let candidates = labelled(training)
    guard !candidates.isEmpty, count <= candidates.count else {
      throw .tooFewVolumes(wanted: max(1, count), labelled: candidates.count)
    }
    let names = candidates.map { volumes[$0] }
    let chosen = Set(Split.subset(names, count: count == 0 ? names.count : count, seed: seed))
    return candidates.filter { chosen.contains(volumes[$0]) }
  }
}

/// From label values to the numbers of a network's outputs and back.
public struct ClassTable: Sendable, Equatable {
  /// The label value of each output; the first is 0, the background.
  public let labels: [Int]
  private let outputs: [Int64]

  /// The classes that have a name, in rising order, after the background.
  public init(_ names: [Int: String]) {
    self.init(labels: [0] + names.keys.filter { $0 > 0 && $0 < 255 }.sorted())
  }

  init(labels: [Int]) {
    self.labels = labels
    var table = [Int64](repeating: -1, count: 256)
    for (output, label) in labels.enumerated() where label >= 0 && label < 255 {
      table[label] = Int64(output)
    }
    table[255] = 255
    outputs = table
  }

  /// The outputs that pixels should have; 255 (not labelled) stays 255.
  ///
  /// - Throws: ``SegmentationError/unknownLabel(_:)`` for a value without a class.
  public func outputs(of pixels: [UInt8]) throws(SegmentationError) -> [Int64] {
    var result = [Int64](repeating: 0, count: pixels.count)
    for at in pixels.indices {
      let output = outputs[Int(pixels[at])]
      guard output >= 0 else { throw .unknownLabel(Int(pixels[at])) }
      result[at] = output
    }
    return result
  }
}
