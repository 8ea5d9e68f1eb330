import NN
import Torch

/// How an encoder is written for other tools.
extension EncoderWeights {
  /// The tensors under these names, and what they are: for nnU-Net with aliases and, where there is one, the decoder; a
  /// whitening in the place of a ResNet's last norm folded into the convolution before it.
  ///
  /// A whitening of the last map or of the pooled vector is no part of the encoder, which does without it: it is linear,
  /// so what is trained on the maps afterwards can learn it.
  ///
  /// - Throws: ``ModelsError/noNames(_:reason:)`` when the other tool has no such network.
  public func exported(
    as names: WeightNames
  ) throws -> (tensors: [String: Tensor], architecture: EncoderArchitecture) {
    switch names {
    case .torchvision: return try torchvision()
    case .nnunet: return (try nnunet(), architecture)
    case .safetensors:
      return (tensors.merging(rest) { own, _ in own }, architecture)
    }
  }

  private func torchvision() throws -> (
    tensors: [String: Tensor], architecture: EncoderArchitecture
  ) {
    guard architecture.kind != .unet else {
      throw ModelsError.noNames(
        .torchvision, reason: "it is a U-Net, which torchvision does not have; use --as nnunet")
    }
    guard let recipe = architecture.lastNorm else { return (tensors, architecture) }
    var plain = architecture
    plain.lastNorm = nil
    return (try foldingLastNorm(recipe), plain)
  }

  /// A K and b of the whitening in the last norm's place become the convolution's kernel and the shift of a batch norm
  /// that does nothing else: running mean 0, running variance 1 − ε, scale 1.
  private func foldingLastNorm(_ recipe: WhiteningRecipe) throws -> [String: Tensor] {
    let isBottleneck = architecture.kind == .resnet50
    let block = isBottleneck ? "layer4.2" : "layer4.1"
    let (conv, norm) =
      isBottleneck ? ("\(block).conv3", "\(block).bn3") : ("\(block).conv2", "\(block).bn2")
    guard let kernel = tensors[conv + ".weight"] else {
      throw ModelsError.notWeights(path: path, reason: "\(conv).weight is missing")
    }
    let store = try ParameterStore()
    let whitening = Whitening(store.root, kernel.shape[0], recipe, affine: true)
    let own = tensors.filter { $0.key.hasPrefix(norm + ".") }
    try store.load(own, prefix: norm + ".")
    let folded = whitening.foldedBackward(into: kernel, bias: nil)
    let channels = [kernel.shape[0]]
    var result = tensors.filter { own[$0.key] == nil }
    result[conv + ".weight"] = folded.weight
    result[norm + ".weight"] = .ones(channels)
    result[norm + ".bias"] = folded.bias
    result[norm + ".running_mean"] = .zeros(channels)
    result[norm + ".running_var"] = .full(channels, 1 - 1e-5)
    result[norm + ".num_batches_tracked"] = .zeros([], .int64)
    return result
  }

  private func nnunet() throws -> [String: Tensor] {
    guard architecture.kind == .unet else {
      throw ModelsError.noNames(
        .nnunet,
        reason: "it is a \(architecture.kind.rawValue), and nnU-Net's plain U-Net has no such "
          + "encoder; use --as torchvision")
    }
    guard architecture.lastNorm == nil else {
      throw ModelsError.noNames(
        .nnunet,
        reason: "whitening stands in the place of its last norm, which nnU-Net's blocks cannot "
          + "hold; use --as safetensors, or pretrain with decorrelation.place tail")
    }
    var result = tensors
    for (name, tensor) in rest where name.hasPrefix("decoder.") { result[name] = tensor }
    for (name, tensor) in result {
      for alias in aliases(of: name) { result[alias] = tensor }
    }
    return result
  }
}

/// What shows that weights were taken over rightly.
extension EncoderWeights {
  /// An image and what the network makes of it in evaluation: `image` 2×C×S×S, `map.0` … from shallow to deep, and of a
  /// U-Net with its decoder `logits.0` … from fine to coarse.
  ///
  /// - Throws: ``ModelsError/notWeights(path:reason:)`` when the deepest map is over 256 times smaller than the image, and
  ///   what loading throws.
  public func check(seed: UInt64 = 0) throws -> [String: Tensor] {
    guard architecture.depth <= 256 else {
      throw ModelsError.notWeights(
        path: path, reason: "its last map is \(architecture.depth) times smaller than the image")
    }
    let store = try ParameterStore()
    let encoder = architecture.build(store.root)
    try load(into: store)
    let side = max(64, 4 * architecture.depth)
    let image = Tensor.randomNormal([2, architecture.inputChannels, side, side], seed: seed)
    return try withoutGradients {
      let maps = encoder(image, .evaluation)
      var result = ["image": image]
      for (stage, map) in maps.enumerated() { result["map.\(stage)"] = map }
      for (depth, logits) in try logits(maps).enumerated() { result["logits.\(depth)"] = logits }
      return result
    }
  }

  /// What the file's U-Net decoder makes of the maps, finest first; nothing without one.
  private func logits(_ maps: [Tensor]) throws -> [Tensor] {
    guard architecture.kind == .unet, let head = rest["decoder.seg_layers.0.weight"],
      let classes = head.shape.first
    else { return [] }
    let store = try ParameterStore()
    let decoder = UNetDecoder(store.root / "decoder", architecture, classes: classes)
    try store.load(rest.filter { $0.key.hasPrefix("decoder.") })
    return decoder.deepLogits(maps, .evaluation)
  }
}
