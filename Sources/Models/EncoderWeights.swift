import Foundation
import NN
import Torch

/// An encoder's weights out of a safetensors file, whoever wrote it: this program, torchvision, nnU-Net.
///
/// Every byte of such a file may be somebody else's: names, shapes, types and values are checked before a network of
/// that size is built.
public struct EncoderWeights {
  /// The file.
  public let path: String
  /// Family and sizes: what the tensors' shapes say, and what only the file's strings can (strides, a whitening).
  public var architecture: EncoderArchitecture
  /// The encoder's tensors under the names of `EncoderArchitecture.build`, float32 where the file has less.
  public var tensors: [String: Tensor]
  /// What else the file holds, by canonical names: a classifier, a decoder, the heads of a contrast.
  public var rest: [String: Tensor]
  /// The file's strings.
  public let metadata: [String: String]

  /// Reads a file with the names of torchvision's ResNets or of nnU-Net's `PlainConvUNet`, aliases included or alone; of
  /// a checkpoint of pretraining, whose tensors have a prefix, the query encoder.
  ///
  /// - Throws: `TorchError` when it is no safetensors archive; ``ModelsError/notWeights(path:reason:)`` when it holds no
  ///   encoder that can be built here.
  public init(reading path: String) throws {
    try self.init(SafeTensors(reading: path), path: path)
  }

  /// The same for an archive in memory; `path` is what errors call it.
  public init(_ archive: SafeTensors, path: String) throws {
    let named = try canonical(archive.tensors, path: path)
    let shapes = EncoderShapes(named.mapValues(\.shape), path: path)
    var architecture = try shapes.architecture()
    if let said = Self.saidArchitecture(archive.metadata) {
      try architecture.take(said, path: path)
    }
    let own = named.filter { architecture.owns($0.key) }
    self.path = path
    self.architecture = architecture
    tensors = try Self.checked(own, path: path)
    rest = named.filter { !architecture.owns($0.key) }
    metadata = archive.metadata
    if architecture.kind != .unet { countNothing() }
  }

  /// What a Lamina file says of itself: an encoder, or a network with one.
  private static func saidArchitecture(_ metadata: [String: String]) -> EncoderArchitecture? {
    struct Encoder: Decodable { var kind: EncoderArchitecture.Kind }
    struct Network: Decodable { var encoder: Encoder }
    struct Whole: Codable { var encoder = EncoderArchitecture() }
    guard let text = metadata["architecture"] else { return nil }
    func holds<Value: Decodable>(_: Value.Type) -> Bool {
      (try? JSONDecoder().decode(Value.self, from: Data(text.utf8))) != nil
    }
    // Only what names its family is taken for an encoder; keys that are newer than the file have their defaults.
    if holds(Encoder.self) { return recorded(text, over: EncoderArchitecture()) }
    return holds(Network.self) ? recorded(text, over: Whole())?.encoder : nil
  }

  /// Floating-point numbers, at least float32, all finite; what counts stays an integer.
  private static func checked(
    _ tensors: [String: Tensor], path: String
  ) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (name, tensor) in tensors {
      guard !name.hasSuffix("num_batches_tracked") else {
        result[name] = tensor.to(.int64)
        continue
      }
      guard tensor.dtype.isFloatingPoint else {
        throw ModelsError.notWeights(
          path: path, reason: "\(name) holds \(tensor.dtype) and no floating-point numbers")
      }
      guard try tensor.isFinite().all().item() == 1 else {
        throw ModelsError.notWeights(
          path: path, reason: "\(name) holds values that are no finite numbers")
      }
      result[name] = tensor.dtype == .float64 ? tensor : tensor.to(.float32)
    }
    return result
  }

  /// Adds the counters of batches that old files lack; PyTorch begins at 0 then, and so do we.
  private mutating func countNothing() {
    for name in tensors.keys where name.hasSuffix(".running_mean") {
      let norm = String(name.dropLast("running_mean".count))
      let counter = norm + "num_batches_tracked"
      guard tensors[counter] == nil, tensors[norm + "running_covariance"] == nil else { continue }
      tensors[counter] = .zeros([], .int64)
    }
  }

  /// The same for images of so many channels: the stem of three colours, summed, takes one grey channel.
  public func adapted(toChannels channels: Int) -> EncoderWeights {
    var copy = self
    copy.architecture.adapt(&copy.tensors, toChannels: channels)
    return copy
  }

  /// Copies the tensors into a store in which such an encoder was built, heads and decoders around it left alone.
  ///
  /// - Throws: `NNError.doesNotFit` with what is missing, too much, or of another shape; the store is then half filled.
  @discardableResult
  public func load(into store: ParameterStore) throws(NNError) -> LoadReport {
    var report = try store.load(tensors, strict: false)
    report.missing.removeAll { !isEncoderName($0) }
    guard report.isComplete else { throw .doesNotFit(report) }
    return report
  }
}

extension EncoderWeights {
  /// What was taken of the file, in a line.
  public func taken(_ report: LoadReport, for fitted: EncoderArchitecture) -> String {
    let others = Set(rest.keys.map { String($0.prefix { $0 != "." }) }).sorted()
    return
      "started from \(path): \(report.matched.count) tensors of a \(architecture.kind.rawValue)"
      + (fitted.inputChannels == architecture.inputChannels
        ? "" : ", the kernels of three colours added up for one grey channel")
      + (others.isEmpty ? "" : "; left out: \(others.joined(separator: ", "))")
  }
}

extension EncoderArchitecture {
  /// Makes tensors of this architecture, and it, fit images of so many channels where that can be done: a ResNet's three
  /// channels are colours and become one grey channel; a U-Net's are measurements of their own, and stay.
  public mutating func adapt(_ tensors: inout [String: Tensor], toChannels channels: Int) {
    guard kind != .unet, inputChannels == 3, channels == 1, let stem = tensors["conv1.weight"]
    else { return }
    inputChannels = 1
    tensors["conv1.weight"] = greyStem(stem)
  }

  /// Whether a tensor of this name is this encoder's, by the names of ``build(_:)``.
  func owns(_ name: String) -> Bool {
    switch kind {
    case .unet: name.hasPrefix("encoder.")
    case .resnet18, .resnet50: isResNetName(name)
    }
  }

  /// Takes what a file says of itself, which is more than its tensors can, where the two agree.
  fileprivate mutating func take(
    _ said: EncoderArchitecture, path: String
  ) throws(ModelsError) {
    try said.check()
    var same = said.kind == kind && said.inputChannels == inputChannels
    if kind == .unet {
      same = same && said.features == features && said.convolutions == convolutions
    } else {
      same = same && said.width == width
    }
    guard same else {
      throw .notWeights(path: path, reason: "its strings tell of another encoder than its tensors")
    }
    self = said
    batchNormGroups = 1
  }
}

/// Whether a tensor of this name belongs to an encoder of either family.
private func isEncoderName(_ name: String) -> Bool {
  name.hasPrefix("encoder.") || isResNetName(name)
}

private func isResNetName(_ name: String) -> Bool {
  ["conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4."].contains {
    name.hasPrefix($0)
  }
}
