import Foundation
import Models
import NN
import Torch

/// What a segmenter is and where it comes from: the strings in the `__metadata__` of its checkpoint.
public struct SegmenterDescription: Sendable, Equatable {
  /// Linear probe or U-Net, and its sizes.
  public var network: NetworkDescription
  /// The label value of each output; the first is the background.
  public var labels: [Int]
  /// What the labels are called.
  public var labelNames: [Int: String]
  /// The recipe that made the slices it learned from, as JSON with sorted keys: how a scan must be
  /// prepared before the network sees it.
  public var preparation: String
  /// The DICOM modality of what it learned from, where intensities were normalised by it; else empty.
  public var modality: String
  /// How it was trained.
  public var recipe: FinetuneRecipe
  /// The pseudonyms of the volumes whose labels it learned from.
  public var volumes: [String]
  /// The digest of the data.
  public var digest: String
  /// The encoder it started from, by the digest of its run; empty for none.
  public var encoder: String
  /// Optimiser steps made.
  public var step: Int
  /// Mean Dice on the validation split at that step, on the slices; nil where it was not scored.
  public var validationDice: Double?

  private static let kind = "lamina-segmenter-1"

  /// The strings of the checkpoint.
  package func metadata() throws -> [String: String] {
    var strings = [
      "kind": Self.kind, "preprocessing": preparation, "data": digest, "encoder": encoder,
      "step": String(step), "architecture": try json(network), "labels": try json(labels),
      "labelNames": try json(labelNames), "recipe": try json(recipe), "volumes": try json(volumes),
      "libtorch": LibTorch.version, "modality": modality, "mode": recipe.mode.rawValue,
    ]
    if let validationDice { strings["validationDice"] = String(validationDice) }
    return strings
  }

  /// Reads the strings of a checkpoint.
  ///
  /// - Throws: ``SegmentationError/notASegmenter(path:reason:)``.
  package init(metadata: [String: String], path: String) throws(SegmentationError) {
    guard metadata["kind"] == Self.kind else {
      throw .notASegmenter(path: path, reason: "its kind is \(metadata["kind"] ?? "not said")")
    }
    func read<Value>(
      _ key: String, _ body: (String) -> Value?
    ) throws(SegmentationError) -> Value {
      guard let value = metadata[key].flatMap(body) else {
        throw .notASegmenter(path: path, reason: "\(key) cannot be read")
      }
      return value
    }
    func value<Value: Decodable>(
      _ key: String, _ type: Value.Type
    ) throws(SegmentationError) -> Value {
      try read(key) { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
    network = try read("architecture") { text in
      let none = NetworkDescription(encoder: EncoderArchitecture(), head: .decoder, classes: 0)
      return recorded(text, over: none)
    }
    labels = try value("labels", [Int].self)
    labelNames = try value("labelNames", [Int: String].self)
    recipe = try read("recipe") { recorded($0, over: FinetuneRecipe()) }
    volumes = try value("volumes", [String].self)
    step = try value("step", Int.self)
    preparation = metadata["preprocessing"] ?? ""
    modality = metadata["modality"] ?? ""
    digest = metadata["data"] ?? ""
    encoder = metadata["encoder"] ?? ""
    validationDice = metadata["validationDice"].flatMap(Double.init)
    guard labels.count == network.classes, labels.first == 0, Set(labels).count == labels.count,
      labels.allSatisfy({ 0..<255 ~= $0 })
    else { throw .notASegmenter(path: path, reason: "its labels do not fit its network") }
  }

  /// Describes a segmenter that is about to be trained.
  init(
    network: NetworkDescription, data: LabelledSlices, volumes: [Int], recipe: FinetuneRecipe,
    encoder: String
  ) {
    self.network = network
    labels = ClassTable(data.labelNames).labels
    labelNames = data.labelNames
    (preparation, modality) = (data.preparation, data.modality)
    self.recipe = recipe
    self.volumes = volumes.map { data.volumes[$0] }
    digest = data.digest
    self.encoder = encoder
    step = 0
  }
}

/// JSON with sorted keys: the same text for the same value.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
