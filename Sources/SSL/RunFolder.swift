import Foundation

/// The folder of a pretraining run.
///
///     checkpoint-00000500.safetensors   everything that the run can go on from
///     encoder.safetensors               the encoder alone, by the names of other tools
///     metrics.jsonl                     a line a logged step
///     recipe.yaml                       the recipe as resolved
///     complete.json                     written last: the run has made all its steps
public struct RunFolder: Sendable {
  /// Where it is.
  public let path: String

  /// Names a run folder, which need not exist.
  public init(_ path: String) { self.path = path }

  /// A file in it.
  public func file(_ name: String) -> String { path + "/" + name }

  /// The log of metrics.
  public var metrics: String { file("metrics.jsonl") }
  /// The encoder alone.
  public var encoder: String { file("encoder.safetensors") }
  /// What says that the run is complete.
  public var marker: String { file("complete.json") }
  /// Whether the run has made all its steps.
  public var isComplete: Bool { FileManager.default.fileExists(atPath: marker) }

  /// The checkpoint of a step.
  public func checkpoint(step: Int) -> String {
    file("checkpoint-" + String(format: "%08d", step) + ".safetensors")
  }

  /// The steps that have a checkpoint, in rising order.
  public var checkpointSteps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("checkpoint-"), name.hasSuffix(".safetensors") else { return nil }
      return Int(name.dropFirst("checkpoint-".count).dropLast(".safetensors".count))
    }.sorted()
  }

  /// The newest checkpoint.
  ///
  /// - Throws: ``PretrainError/notARun(path:)`` when there is none.
  public func newestCheckpoint() throws(PretrainError) -> String {
    guard let step = checkpointSteps.last else { throw .notARun(path: path) }
    return checkpoint(step: step)
  }

  /// Removes all checkpoints but the newest `keep`; 0 keeps all.
  func prune(keep: Int) throws {
    guard keep > 0 else { return }
    for step in checkpointSteps.dropLast(keep) {
      try FileManager.default.removeItem(atPath: checkpoint(step: step))
    }
  }

  /// Makes the folder.
  func create() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// Writes a small file under a temporary name and renames it.
  func write(_ data: Data, to file: String) throws {
    try data.write(to: URL(fileURLWithPath: file), options: .atomic)
  }
}
