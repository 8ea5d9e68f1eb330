import Models
import NN
import Torch

/// The network of a segmenter: an encoder, what turns its maps into class scores, and their sizes.
public struct NetworkDescription: Codable, Sendable, Equatable {
  /// The ways from an encoder's maps to class scores.
  public enum Head: String, Codable, Sendable, CaseIterable {
    /// The expanding path of a U-Net.
    case decoder
    /// Batch norm without affine and one 1×1 convolution on the up-sampled maps of a frozen encoder.
    case probe
    /// The same on the maps of a frozen U-Net, its decoder's too.
    case networkProbe = "network-probe"
  }

  /// The encoder.
  public var encoder: EncoderArchitecture
  /// What follows it.
  public var head: Head
  /// Outputs, the background included.
  public var classes: Int

  /// Describes a network.
  public init(encoder: EncoderArchitecture, head: Head, classes: Int) {
    (self.encoder, self.head, self.classes) = (encoder, head, classes)
  }

  /// What the sides of images must be multiples of: transposed convolutions give whole multiples only,
  /// everything else takes any size.
  var multiple: Int { head != .probe && encoder.kind == .unet ? encoder.depth : 1 }
}

/// Whether an encoder takes part in training.
enum EncoderState {
  /// Its weights get gradients, its norms statistics.
  case learning
  /// It stands still, its norms too.
  case frozen
}

/// A segmentation network with its parameters: `encoder.…` and `decoder.…` as in nnU-Net, or an
/// encoder by its own names and `probe.…`.
struct SegmentationNetwork {
  let description: NetworkDescription
  let store: ParameterStore
  /// Which of the store's entries are the encoder's, and which those of a decoder that stands still: a pretraining
  /// must bring both.
  private let parts: (encoder: Range<Int>, decoder: Range<Int>)
  private let encoder: any Encoder
  private let head: Head

  private enum Head {
    case decoder(any Decoder)
    case probe(LinearSegmentationHead, of: UNetDecoder?)
  }

  init(
    _ description: NetworkDescription, seed: UInt64 = 0, device: Device = .cpu,
    format: MemoryFormat = .contiguous
  ) throws {
    self.description = description
    store = try ParameterStore(seed: seed, device: device, format: format)
    encoder = description.encoder.build(store.root)
    let own = store.entries.indices
    let frozen =
      description.head == .networkProbe
      ? UNetDecoder(store.root / "decoder", description.encoder, classes: 0) : nil
    parts = (own, own.upperBound..<store.entries.count)
    if description.head == .decoder {
      head = .decoder(
        description.encoder.buildDecoder(store.root, classes: description.classes))
    } else {
      for entry in store.entries where entry.kind == .parameter {
        entry.tensor.requiringGradient(false)
      }
      let channels = encoder.channels + (frozen == nil ? [] : encoder.channels.dropLast())
      head = .probe(
        LinearSegmentationHead(
          store.root / "probe", channels: channels, classes: description.classes), of: frozen)
    }
  }

  /// Class scores of N×C×H×W images, finest first: N×classes×H×W, then half of it and so on; the
  /// probe has the finest alone.
  func callAsFunction(
    _ images: Tensor, _ mode: Mode, encoder state: EncoderState = .learning
  ) -> [Tensor] {
    let size = (images.shape[2], images.shape[3])
    switch head {
    case .decoder(let decoder):
      return decoder.deepLogits(maps(images, mode, state), to: size, mode)
    case .probe(let probe, let decoder):
      var found = maps(images, mode, .frozen)
      if let decoder { found += withoutGradients { decoder.maps(found, .evaluation) } }
      return [probe(found, to: size, mode)]
    }
  }

  private func maps(_ images: Tensor, _ mode: Mode, _ state: EncoderState) -> [Tensor] {
    switch state {
    case .learning: encoder(images, mode)
    case .frozen: withoutGradients { encoder(images, .evaluation) }
    }
  }

  /// Copies a pretrained encoder in, all of it, and what fits of the decoder that learned with it (all of it, too, where
  /// it stands still), and says what was taken, what is missing, and what was left.
  ///
  /// - Throws: ``SegmentationError/weightsDoNotFit(path:report:)`` listing what must be there and is missing, too much or
  ///   of another shape.
  func load(_ pretrained: PretrainedEncoder) throws -> LoadReport {
    let decoder = description.head == .probe ? [:] : pretrained.decoder
    let tensors = pretrained.tensors.merging(decoder) { own, _ in own }
    let report = try store.load(tensors, strict: false)
    let own = names(parts.encoder).union(names(parts.decoder))
    var encoder = report
    encoder.missing.removeAll { !own.contains($0) }
    encoder.mismatched.removeAll { !own.contains($0.name) }
    encoder.unexpected.removeAll { decoder[$0] != nil }
    guard encoder.isComplete else {
      throw SegmentationError.weightsDoNotFit(path: pretrained.path, report: encoder)
    }
    return report
  }

  private func names(_ part: Range<Int>) -> Set<String> { Set(store.entries[part].map(\.name)) }

  /// The trainable parameters of the encoder's stages, shallow to deep, and of what follows them.
  var trainable: (stages: [[Parameter]], head: [Parameter]) {
    let encoder = names(parts.encoder)
    let (own, head) = (
      store.trainable.filter { encoder.contains($0.name) },
      store.trainable.filter { !encoder.contains($0.name) }
    )
    let stages = description.encoder.stagePaths.map { paths in
      own.filter { parameter in paths.contains { parameter.name.hasPrefix($0 + ".") } }
    }
    require(stages.joined().count == own.count, "a parameter of the encoder is of no stage")
    return (stages, head)
  }

  /// - Throws: ``SegmentationError/canvasDoesNotFit(height:width:multiple:)`` for slices or crops
  ///   whose sides the encoder cannot halve often enough.
  func requireFit(_ size: (height: Int, width: Int)) throws(SegmentationError) {
    let multiple = description.multiple
    guard size.height % multiple == 0, size.width % multiple == 0 else {
      throw .canvasDoesNotFit(height: size.height, width: size.width, multiple: multiple)
    }
  }
}

extension SegmentationNetwork {
  /// Builds the network that a recipe asks for and copies the encoder in, unless it starts from
  /// scratch.
  static func build(
    _ recipe: FinetuneRecipe, channels: Int, classes: Int, encoder: PretrainedEncoder?,
    device: Device
  ) throws -> (network: SegmentationNetwork, loaded: LoadReport?) {
    var architecture = recipe.encoder(channels: channels)
    var pretrained: PretrainedEncoder?
    if recipe.mode != .scratch {
      guard let encoder else {
        throw SegmentationError.encoderMissing(mode: recipe.mode.rawValue)
      }
      pretrained = encoder.adapted(toChannels: channels)
      architecture = pretrained?.architecture ?? architecture
    }
    guard architecture.inputChannels == channels else {
      throw SegmentationError.channelsDiffer(expected: architecture.inputChannels, found: channels)
    }
    let head = recipe.mode.head(of: architecture, withDecoder: pretrained?.decoder.isEmpty == false)
    let network = try SegmentationNetwork(
      NetworkDescription(encoder: architecture, head: head, classes: classes),
      seed: recipe.seed, device: device, format: recipe.channelsLast ? .channelsLast : .contiguous)
    return (network, try pretrained.map(network.load))
  }
}

extension FinetuneMode {
  /// What follows the encoder in this mode, where a decoder learned with it or none did.
  fileprivate func head(
    of encoder: EncoderArchitecture, withDecoder: Bool
  ) -> NetworkDescription.Head {
    switch self {
    case .full, .scratch: .decoder
    case .linear: .probe
    case .linearNetwork: withDecoder && encoder.kind == .unet ? .networkProbe : .probe
    }
  }
}
