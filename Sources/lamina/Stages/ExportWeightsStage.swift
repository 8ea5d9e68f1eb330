import Foundation
import Models
import SSL
import Segmentation
import Torch

/// What was written for others.
struct ExportedWeights: Encodable {
  var file: String
  var names: WeightNames
  var architecture: EncoderArchitecture
  var tensors: Int
  /// Tensors of the run that the other tool has no place for, by the first part of their names.
  var left: [String]

  /// What was written, in a line.
  var sentence: String {
    let without = left.isEmpty ? "" : "; left out: \(left.joined(separator: ", "))"
    return
      "export-weights: \(file) holds \(tensors) tensors of a \(architecture.kind.rawValue) under "
      + "the names of \(names.rawValue)\(without)"
  }
}

/// Writes the weights of a run, or of a file, under another tool's names.
func exportWeightsStage(
  _ run: String, as names: WeightNames, into file: String, check: String?
) throws -> ExportedWeights {
  try LibTorch.load()
  let source = try weightsFile(of: run)
  let weights = try EncoderWeights(reading: source)
  let (tensors, architecture) = try weights.exported(as: names)
  try SafeTensors(
    tensors: tensors, metadata: strings(for: names, of: weights, architecture, source: source)
  ).write(to: file)
  if let check {
    try SafeTensors(tensors: weights.check(), metadata: ["weights": file]).write(to: check)
  }
  let left = weights.rest.keys.filter { tensors[$0] == nil }.map { String($0.prefix { $0 != "." }) }
  return ExportedWeights(
    file: file, names: names, architecture: architecture, tensors: tensors.count,
    left: Set(left).sorted())
}

/// The archive of a run folder with what was learned last, or the file itself.
func weightsFile(of run: String) throws -> String {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: run, isDirectory: &isFolder), isFolder.boolValue
  else { return run }
  let made = [FinetuneRun(run).segmenter, RunFolder(run).encoder]
  return try made.first(where: FileManager.default.fileExists)
    ?? RunFolder(run).newestCheckpoint()
}

/// What the file says of itself: what the weights are and how scans were prepared for them, but not which patients they
/// learned from, nor where anything lay.
private func strings(
  for names: WeightNames, of weights: EncoderWeights, _ architecture: EncoderArchitecture,
  source: String
) throws -> [String: String] {
  let given = weights.metadata
  if names == .safetensors,
    var segmenter = try? SegmenterDescription(metadata: given, path: source)
  {
    segmenter.volumes = []
    segmenter.recipe.initialWeights = ""
    return try segmenter.metadata()
  }
  let kept = ["preprocessing", "data", "step", "labels", "labelNames", "modality"]
  var result = given.filter { kept.contains($0.key) }
  result["format"] = names == .safetensors ? "lamina-encoder-1" : "lamina-weights-1"
  result["names"] = names.rawValue
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  result["architecture"] = String(decoding: try encoder.encode(architecture), as: UTF8.self)
  return result
}
