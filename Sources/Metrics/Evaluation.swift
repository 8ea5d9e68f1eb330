import Foundation

/// The scores of a set of scans, and what they come to by class.
public struct Evaluation: Codable, Sendable, Equatable {
  /// One entry a scan, in the order given.
  public var cases: [CaseScores]

  /// Gathers the scores of scans.
  public init(_ cases: [CaseScores]) { self.cases = cases }

  private enum CodingKeys: String, CodingKey { case cases, classes, meanDice }

  /// Reads what ``encode(to:)`` wrote; the summaries follow from the cases.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    cases = try fields.decode([CaseScores].self, forKey: .cases)
  }

  /// Writes the cases and the summaries that follow from them.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(cases, forKey: .cases)
    try fields.encode(classes, forKey: .classes)
    try fields.encode(meanDice, forKey: .meanDice)
  }

  /// The mean over the scans of each scan's mean Dice over its classes, with its deviation.
  public var meanDice: Summary { Summary(cases.map(\.meanDice)) }

  /// The summaries of every class that occurs in a case, in rising order.
  public var classes: [ClassSummary] {
    let all = cases.flatMap(\.classes)
    return Set(all.map(\.label)).sorted().map { label in
      ClassSummary(label, all.filter { $0.label == label })
    }
  }

  /// The evaluation as JSON with sorted keys, the same bytes for the same scores.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}

/// Mean and standard deviation of the values that exist.
public struct Summary: Codable, Sendable, Equatable {
  /// The mean; nil when there is no value.
  public var mean: Double?
  /// The standard deviation of the sample (n − 1); nil below two values.
  public var deviation: Double?
  /// How many values there were.
  public var count: Int

  /// Summarises `values`, leaving out those that are nil.
  public init(_ values: [Double?]) {
    let present = values.compactMap { $0 }
    count = present.count
    guard count > 0 else { return }
    let centre = present.reduce(0, +) / Double(count)
    mean = centre
    guard count > 1 else { return }
    let squares = present.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    deviation = (squares / Double(count - 1)).squareRoot()
  }
}

/// One class over all scans.
public struct ClassSummary: Codable, Sendable, Equatable {
  /// The class, as it is written in the masks.
  public var label: Int
  /// What the class is called, where that is known.
  public var name: String?
  /// Dice coefficient over the scans.
  public var dice: Summary
  /// 95th percentile of the surface distances, mm, over the scans where both surfaces exist.
  public var hd95: Summary
  /// Average symmetric surface distance, mm, over the scans where both surfaces exist.
  public var assd: Summary
  /// Volume in the mask minus volume in the reference, ml.
  public var volumeError: Summary
  /// The volume error as a fraction of the reference's volume.
  public var relativeVolumeError: Summary

  init(_ label: Int, _ scores: [ClassScores]) {
    self.label = label
    name = scores.lazy.compactMap(\.name).first
    dice = Summary(scores.map(\.dice))
    hd95 = Summary(scores.map(\.hd95))
    assd = Summary(scores.map(\.assd))
    volumeError = Summary(scores.map(\.volumeError))
    relativeVolumeError = Summary(scores.map(\.relativeVolumeError))
  }
}
