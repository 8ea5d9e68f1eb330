import Foundation
import Models
import Torch

/// An encoder as a pretraining run left it: its tensors by name, what they are, and how the slices
/// that it learned from were prepared.
///
/// Whoever wrote the file: this program, torchvision, nnU-Net.
public struct PretrainedEncoder {
  /// Where it was read from.
  public let path: String
  /// The tensors by the names of `EncoderArchitecture.build`.
  public let tensors: [String: Tensor]
  /// Those of a decoder that learned with it, without segmentation layers; empty without one.
  public let decoder: [String: Tensor]
  /// Family and sizes.
  public let architecture: EncoderArchitecture
  /// The recipe that made the slices it learned from, as JSON; nil when the archive does not say.
  public let preparation: String?
  /// What identifies the run: the digest of its data, its recipe and its step.
  public let digest: String

  /// Makes an encoder from tensors in memory.
  public init(
    tensors: [String: Tensor], decoder: [String: Tensor] = [:], architecture: EncoderArchitecture,
    preparation: String?, digest: String = "", path: String = "memory"
  ) {
    (self.tensors, self.decoder, self.architecture) = (tensors, decoder, architecture)
    (self.preparation, self.digest, self.path) = (preparation, digest, path)
  }

  /// Reads `encoder.safetensors` of a run folder, or a file named directly: one that this program wrote, or
  /// one with the names of torchvision's ResNets or of nnU-Net's plain U-Net.
  ///
  /// - Throws: ``SegmentationError/notAnEncoder(path:reason:)`` where a run folder has no encoder yet, and
  ///   what reading the file throws.
  public init(reading path: String) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = isFolder.boolValue ? path + "/encoder.safetensors" : path
    guard exists, FileManager.default.fileExists(atPath: file) else {
      throw SegmentationError.notAnEncoder(
        path: path, reason: "there is no encoder.safetensors, which a pretraining writes at its end"
      )
    }
    let weights = try EncoderWeights(reading: file)
    let marks = ["data", "step"].compactMap { weights.metadata[$0] }
    self.init(
      tensors: weights.tensors, decoder: weights.rest.filter { isDecoderName($0.key) },
      architecture: weights.architecture,
      preparation: weights.metadata["preprocessing"],
      digest: marks.isEmpty ? try contentName(of: file) : marks.joined(separator: "@"), path: file)
  }

  /// The same for slices of so many channels, where that can be done: colours added up for one grey channel.
  func adapted(toChannels channels: Int) -> PretrainedEncoder {
    var (tensors, fitted) = (tensors, architecture)
    fitted.adapt(&tensors, toChannels: channels)
    return PretrainedEncoder(
      tensors: tensors, decoder: decoder, architecture: fitted, preparation: preparation,
      digest: digest, path: path)
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

/// Whether a tensor is a U-Net's decoder's and of no class: what nnU-Net, too, takes of a pretrained network.
private func isDecoderName(_ name: String) -> Bool {
  name.hasPrefix("decoder.") && !name.hasPrefix("decoder.seg_layers.")
}

/// A short name for what a file holds (FNV-1a over its 64-bit words): other bytes, another name.
private func contentName(of path: String) throws -> String {
  let data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
  let whole = data.count / 8 * 8
  var hash = 0xcbf2_9ce4_8422_2325 ^ UInt64(data.count)
  data.withUnsafeBytes { bytes in
    for offset in stride(from: 0, to: whole, by: 8) {
      hash =
        (hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01b3
    }
    for byte in bytes[whole...] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }
  return "file " + String(hash, radix: 16)
}
