import Foundation
import Spectra

/// One line of `metrics.jsonl`: what a step returned, averaged since the line before it.
public struct PretrainRecord: Codable, Sendable, Equatable {
  /// Steps made.
  public var step: Int
  /// The sum that is minimised.
  public var loss: Double
  /// The contrast between slices, L_g.
  public var global: Double
  /// The contrast between regions, L_l; nil without it.
  public var local: Double?
  /// The covariance penalty; nil without it.
  public var decorrelation: Double?
  /// How often the positive is the most similar of all keys.
  public var topOne: Double
  /// How often it is the most similar of the keys of its own batch; by chance 1/B. A `topOne` far above it
  /// means that the queue's keys are known by their age.
  public var batchTopOne: Double
  /// How often `topOne` would be by chance.
  public var chance: Double
  /// The rate of this step.
  public var learningRate: Double
  /// Slices a second, wall time; each gives two views.
  public var imagesPerSecond: Double
  /// The effective rank at each tap beside its ceiling, every so often.
  public var spectra: [String: RankRecord]?
  /// The finding in words, with `spectra`.
  public var verdict: String?
}

/// A rank in the log.
public struct RankRecord: Codable, Sendable, Equatable {
  /// exp-entropy of the eigenvalues of the covariance.
  public var effectiveRank: Double
  /// RankMe.
  public var rankMe: Double
  /// What noise would have as effective rank.
  public var ceiling: Double

  init(_ spectrum: Spectrum) {
    effectiveRank = spectrum.scores.effectiveRank
    rankMe = spectrum.scores.rankMe
    ceiling = spectrum.ceiling.effectiveRank
  }
}

/// `metrics.jsonl`: a JSON object a line, keys sorted.
struct PretrainLog {
  private let file: FileHandle
  private let encoder = JSONEncoder()

  /// Opens the log of a run; lines of steps after `step`, which a run that was killed has left, go.
  init(_ folder: RunFolder, continuingAfter step: Int) throws {
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let old = FileManager.default.contents(atPath: folder.metrics) ?? Data()
    var kept = Data()
    for line in old.split(separator: UInt8(ascii: "\n")) {
      guard let record = try? JSONDecoder().decode(PretrainRecord.self, from: line),
        record.step <= step
      else { continue }
      kept.append(line)
      kept.append(UInt8(ascii: "\n"))
    }
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
