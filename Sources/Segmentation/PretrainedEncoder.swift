import Foundation
import Models
import Torch

/// An encoder as a pretraining run left it: its tensors by name, what they are, and how the slices
/// that it learned from were prepared.
///
/// Read from the archive alone, by the names in it: whoever wrote it need not be known here.
public struct PretrainedEncoder {
  /// Where it was read from.
  public let path: String
  /// The tensors by the names of `EncoderArchitecture.build`.
  public let tensors: [String: Tensor]
  /// Family and sizes.
  public let architecture: EncoderArchitecture
  /// The recipe that made the slices it learned from, as JSON; nil when the archive does not say.
  public let preparation: String?
  /// What identifies the run: the digest of its data, its recipe and its step.
  public let digest: String

  /// Makes an encoder from tensors in memory.
  public init(
    tensors: [String: Tensor], architecture: EncoderArchitecture, preparation: String?,
    digest: String = "", path: String = "memory"
  ) {
    (self.tensors, self.architecture) = (tensors, architecture)
    (self.preparation, self.digest, self.path) = (preparation, digest, path)
  }

  /// Reads `encoder.safetensors` of a run folder, or an archive named directly: one of encoders by
  /// their own names, or a checkpoint whose tensors carry the prefix `query.`.
  ///
  /// - Throws: ``SegmentationError/notAnEncoder(path:reason:)`` and what reading the archive throws.
  public init(reading path: String) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = isFolder.boolValue ? path + "/encoder.safetensors" : path
    guard exists, FileManager.default.fileExists(atPath: file) else {
      throw SegmentationError.notAnEncoder(
        path: path, reason: "there is no encoder.safetensors, which a pretraining writes at its end"
      )
    }
    let archive = try SafeTensors(reading: file)
    guard let text = archive.metadata["architecture"],
      let architecture = try? JSONDecoder().decode(EncoderArchitecture.self, from: Data(text.utf8))
    else {
      throw SegmentationError.notAnEncoder(path: file, reason: "it does not say its architecture")
    }
    let queries = archive.tensors.filter { $0.key.hasPrefix("query.") }
    let tensors =
      queries.isEmpty
      ? archive.tensors
      : Dictionary(uniqueKeysWithValues: queries.map { (String($0.key.dropFirst(6)), $0.value) })
    let marks = ["data", "step"].compactMap { archive.metadata[$0] }
    self.init(
      tensors: tensors, architecture: architecture,
      preparation: archive.metadata["preprocessing"], digest: marks.joined(separator: "@"),
      path: file)
  }

  /// Refuses slices that were prepared otherwise than those the encoder learned from.
  ///
  /// - Throws: ``SegmentationError/preparationDiffers(encoder:differences:)``.
  func requirePreparation(_ other: String) throws(SegmentationError) {
    guard let preparation else { return }
    let found = differences(preparation, other)
    guard found.isEmpty else { throw .preparationDiffers(encoder: path, differences: found) }
  }
}
