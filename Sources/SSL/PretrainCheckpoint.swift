import Foundation
import Models
import NN
import Torch

/// What the strings of a checkpoint's `__metadata__` say of a run.
struct CheckpointHeader {
  static let format = "lamina-pretrain-1"
  var recipe: PretrainRecipe
  var architecture: EncoderArchitecture
  var data: DataName
  var threads: Int
  var cursor: Int

  /// Where a run's slices come from, as far as a checkpoint says it.
  struct DataName: Equatable {
    var preprocessing: String
    var digest: String
    var slices: String
  }

  var metadata: [String: String] {
    [
      "format": Self.format, "recipe": json(recipe), "architecture": json(architecture),
      "preprocessing": data.preprocessing, "data": data.digest, "slices": data.slices,
      "threads": String(threads), "cursor": String(cursor), "libtorch": LibTorch.version,
      "instructions": Self.instructions,
    ]
  }

  init(
    recipe: PretrainRecipe, architecture: EncoderArchitecture, data: DataName, threads: Int,
    cursor: Int
  ) {
    (self.recipe, self.architecture, self.data) = (recipe, architecture, data)
    (self.threads, self.cursor) = (threads, cursor)
  }

  /// Reads the strings of a checkpoint.
  init(_ metadata: [String: String], path: String) throws(PretrainError) {
    func text(_ name: String) throws(PretrainError) -> String {
      guard let text = metadata[name] else {
        throw .checkpoint(path: path, problem: "its metadata lacks \(name)")
      }
      return text
    }
    func parsed<Value: Codable>(
      _ name: String, over defaults: Value
    ) throws(PretrainError) -> Value {
      guard let value = recorded(try text(name), over: defaults) else {
        throw .checkpoint(path: path, problem: "its \(name) cannot be read")
      }
      return value
    }
    guard metadata["format"] == Self.format else {
      throw .checkpoint(path: path, problem: "it is not of format \(Self.format)")
    }
    recipe = try parsed("recipe", over: PretrainRecipe())
    architecture = try parsed("architecture", over: EncoderArchitecture())
    do {
      try recipe.check()
      try architecture.check()
    } catch {
      throw .checkpoint(path: path, problem: "\(error)")
    }
    data = try DataName(
      preprocessing: text("preprocessing"), digest: text("data"), slices: text("slices"))
    guard let threads = Int(try text("threads")), let cursor = Int(try text("cursor")), cursor >= 0
    else { throw .checkpoint(path: path, problem: "its threads or cursor is no number") }
    (self.threads, self.cursor) = (threads, cursor)
  }

  /// What of the machine decides how sums are rounded, as far as the environment says it.
  static var instructions: String {
    let environment = ProcessInfo.processInfo.environment
    return ["ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "ONEDNN_MAX_CPU_ISA"]
      .compactMap { name in environment[name].map { "\(name)=\($0)" } }.joined(separator: " ")
  }
}

/// JSON with sorted keys: the same bytes for the same value.
func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { return "{}" }
  return String(decoding: data, as: UTF8.self)
}

/// A pretrained encoder, out of a run folder: what fine-tuning and linear evaluation start from.
public struct EncoderCheckpoint {
  /// What builds the network; its tensors fit into a store in which it is built at the root.
  public let architecture: EncoderArchitecture
  /// The encoder's tensors under the names of other tools: `encoder.stages.…` or `layer1.…`.
  public let tensors: [String: Tensor]
  /// The recipe of the slices that it learned from, as JSON.
  public let preprocessing: String
  /// The slices' own name.
  public let dataDigest: String
  /// The recipe of the pretraining.
  public let recipe: PretrainRecipe
  /// Steps that were made.
  public let step: Int
  /// The file that it was read from.
  public let path: String

  /// Reads the query encoder out of the newest checkpoint of a run folder, or out of a checkpoint.
  ///
  /// - Throws: ``PretrainError`` when there is none, or it is not one; ``TorchError`` when it cannot be read.
  public static func load(_ run: String) throws -> EncoderCheckpoint {
    let path = run.hasSuffix(".safetensors") ? run : try RunFolder(run).newestCheckpoint()
    let archive = try SafeTensors(reading: path)
    let header = try CheckpointHeader(archive.metadata, path: path)
    var tensors: [String: Tensor] = [:]
    for (name, tensor) in archive.tensors {
      guard let own = encoderName(name, prefix: "query.") else { continue }
      tensors[own] = tensor
    }
    guard !tensors.isEmpty else {
      throw PretrainError.checkpoint(path: path, problem: "it holds no encoder")
    }
    return EncoderCheckpoint(
      architecture: header.architecture, tensors: tensors,
      preprocessing: header.data.preprocessing, dataDigest: header.data.digest,
      recipe: header.recipe, step: Int(archive.metadata["step"] ?? "") ?? 0, path: path)
  }

  /// Writes the encoder alone, each tensor once, under the names of nnU-Net or torchvision.
  ///
  /// The strings beside them are `architecture`, `preprocessing`, `data` and `step`.
  public func export(to path: String) throws {
    try SafeTensors(
      tensors: tensors,
      metadata: [
        "format": "lamina-encoder-1", "architecture": json(architecture),
        "preprocessing": preprocessing, "data": dataDigest, "step": String(step),
      ]
    ).write(to: path)
  }
}

/// The name of an encoder's tensor without the prefix; nil for one of a head, or without the prefix.
func encoderName(_ name: String, prefix: String) -> String? {
  guard name.hasPrefix(prefix) else { return nil }
  let own = String(name.dropFirst(prefix.count))
  return Backbone.heads.contains { own.hasPrefix($0 + ".") } ? nil : own
}
