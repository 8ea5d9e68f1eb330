import Foundation
import NN
import Torch

/// The folder of a fine-tuning.
///
///     segmenter.safetensors         the kept weights, and in `__metadata__` all that prediction wants
///     checkpoint-last.safetensors   everything that the run can go on from
///     metrics.jsonl                 a line a logged step
public struct FinetuneRun: Sendable {
  /// Where it is.
  public let path: String

  /// Names a run folder, which need not exist.
  public init(_ path: String) { self.path = path }

  /// The kept weights.
  public var segmenter: String { path + "/segmenter.safetensors" }
  /// The state after the last step that was saved.
  public var checkpoint: String { path + "/checkpoint-last.safetensors" }
  /// The log of metrics.
  public var metrics: String { path + "/metrics.jsonl" }

  func create() throws(SegmentationError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .file(path: path, reason: "the folder cannot be made (\(error.localizedDescription))")
    }
  }
}

/// A line of `metrics.jsonl`: means since the line before, or a score on the validation split.
struct FinetuneRecord: Codable, Sendable, Equatable {
  var step: Int
  var loss: Double?
  var dice: Double?
  var crossEntropy: Double?
  var learningRate: Double?
  var slicesPerSecond: Double?
  var validationDice: Double?
  var validationClasses: [String: Double]?
  var stoppedEarly: Bool?
}

/// `metrics.jsonl`, one JSON object a line, keys sorted.
struct FinetuneLog {
  private let file: FileHandle

  /// Opens the log; lines of steps after `step`, left by a run that was killed, go.
  init(_ run: FinetuneRun, after step: Int) throws(SegmentationError) {
    let old = FileManager.default.contents(atPath: run.metrics) ?? Data()
    let kept = old.split(separator: UInt8(ascii: "\n")).filter { line in
      let record = try? JSONDecoder().decode(FinetuneRecord.self, from: line)
      return record.map { $0.step <= step } ?? false
    }
    let text = kept.reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
    do {
      try text.write(to: URL(fileURLWithPath: run.metrics), options: .atomic)
      file = try FileHandle(forWritingTo: URL(fileURLWithPath: run.metrics))
      try file.seekToEnd()
    } catch {
      throw .file(path: run.metrics, reason: "cannot be written (\(error.localizedDescription))")
    }
  }

  func append(_ record: FinetuneRecord) throws {
    try file.write(contentsOf: Data((json(record) + "\n").utf8))
  }
}
