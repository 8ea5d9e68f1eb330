import Foundation
import Spectra

/// One line of `metrics.jsonl`: what steps cost, averaged since the line before it, and how the run stands.
///
/// What both parts name stands side by side in the line, and is this value's own as well: `record.loss`,
/// `record.step`.
@dynamicMemberLookup
public struct PretrainRecord: Sendable, Equatable {
  /// Means over the steps since the line before.
  public var losses: StepLosses<Double>
  /// How the run stands.
  public var standing: Standing

  /// How a run stands.
  public struct Standing: Codable, Sendable, Equatable {
    /// Steps made.
    public var step: Int
    /// The rate of this step.
    public var learningRate: Double
    /// Slices a second, wall time; each gives two views.
    public var imagesPerSecond: Double
    /// What the features score at each tap, every so often.
    public var spectra: [String: TapRanks]?
    /// The finding in words, with `spectra`.
    public var verdict: String?
    /// That the features have begun to collapse, and what to change; once, when it is found.
    public var warning: String?
  }

  /// A mean by its name.
  public subscript<Value>(dynamicMember path: KeyPath<StepLosses<Double>, Value>) -> Value {
    losses[keyPath: path]
  }

  /// How the run stands, by its name.
  public subscript<Value>(dynamicMember path: WritableKeyPath<Standing, Value>) -> Value {
    get { standing[keyPath: path] }
    set { standing[keyPath: path] = newValue }
  }
}

extension PretrainRecord: Codable {
  /// Reads a line.
  public init(from decoder: any Decoder) throws {
    (losses, standing) = (try StepLosses(from: decoder), try Standing(from: decoder))
  }

  /// Writes a line.
  public func encode(to encoder: any Encoder) throws {
    try losses.encode(to: encoder)
    try standing.encode(to: encoder)
  }
}

/// What features of one tap score in the log.
public struct TapRanks: Codable, Sendable, Equatable {
  /// Every slice is a sample.
  public var all: RankRecord
  /// The mean of every volume is a sample; nil with one volume.
  public var across: RankRecord?
  /// Every slice less the mean of its volume is a sample; nil where no volume has two slices.
  public var within: RankRecord?

  init(_ spectra: VolumeSpectra) {
    all = RankRecord(spectra.all, keepsValues: true)
    across = spectra.across.map { RankRecord($0) }
    within = spectra.within.map { RankRecord($0) }
  }
}

/// What some features score, beside what isotropic noise of their number and dimensions would.
public struct RankRecord: Codable, Sendable, Equatable {
  /// Number of samples, N.
  public var samples: Int
  /// Dimensions, D.
  public var dimensions: Int
  /// What they score.
  public var scores: Scores
  /// What noise scores.
  public var ceiling: Scores
  /// Singular values to four digits, largest first; of all slices only.
  public var singularValues: [Double]?

  package init(_ spectrum: Spectrum, keepsValues: Bool = false) {
    (samples, dimensions) = (spectrum.samples, spectrum.dimensions)
    (scores, ceiling) = (spectrum.scores, spectrum.ceiling)
    guard keepsValues else { return }
    singularValues = spectrum.singularValues.map { Double(String(format: "%.4g", $0)) ?? $0 }
  }
}

/// `metrics.jsonl`: a JSON object a line, keys sorted.
struct PretrainLog {
  /// The lines that the run goes on after.
  let kept: [PretrainRecord]
  private let file: FileHandle
  private let encoder = JSONEncoder()

  /// Opens the log of a run; lines of steps after `step`, which a run that was killed has left, go.
  init(_ folder: RunFolder, continuingAfter step: Int) throws {
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let old = FileManager.default.contents(atPath: folder.metrics) ?? Data()
    var (kept, records) = (Data(), [PretrainRecord]())
    for line in old.split(separator: UInt8(ascii: "\n")) {
      guard let record = try? JSONDecoder().decode(PretrainRecord.self, from: line),
        record.step <= step
      else { continue }
      records.append(record)
      kept.append(line)
      kept.append(UInt8(ascii: "\n"))
    }
    self.kept = records
    try folder.write(kept, to: folder.metrics)
    file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.metrics))
    try file.seekToEnd()
  }

  func append(_ record: PretrainRecord) throws {
    var line = try encoder.encode(record)
    line.append(UInt8(ascii: "\n"))
    try file.write(contentsOf: line)
  }
}
