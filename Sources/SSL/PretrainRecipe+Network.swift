import Models
import NN

extension PretrainRecipe {
  /// The encoder that this recipe trains on images of so many channels.
  func encoder(channels: Int) throws(PretrainError) -> EncoderArchitecture {
    var result = EncoderArchitecture()
    (result.inputChannels, result.width) = (channels, width)
    switch architecture {
    case .unet:
      result.kind = .unet
      result.features = features
      result.strides = [1] + Array(repeating: 2, count: features.count - 1)
    case .resnet18: result.kind = .resnet18
    case .resnet50: result.kind = .resnet50
    }
    result.batchNormGroups = keyNormGroups
    if decorrelation.place == .lastNorm {
      result.lastNorm = try whitening(samples: pixels(stride: result.depth))
    }
    return result
  }

  /// How the last map is whitened outside the encoder; nil where it is not.
  func tailWhitening(stride: Int) throws(PretrainError) -> WhiteningRecipe? {
    guard decorrelation.place.isAtTail, decorrelation.kind != .covariance else { return nil }
    return try whitening(samples: pixels(stride: stride))
  }

  /// How the pooled vector is whitened; nil where it is not. A batch has B samples of it.
  func pooledWhitening() throws(PretrainError) -> WhiteningRecipe? {
    guard decorrelation.place.isAtPooled, decorrelation.kind != .covariance else { return nil }
    return try whitening(samples: batch)
  }

  /// Pixels of a batch's last maps.
  private func pixels(stride: Int) -> Int {
    let side = (crops.size + stride - 1) / stride
    return batch * side * side
  }

  /// How features are whitened; at most half as many channels together as there are samples.
  private func whitening(samples: Int) throws(PretrainError) -> WhiteningRecipe {
    guard samples >= 4 else {
      throw .recipe(key: "decorrelation.place", problem: "\(samples) samples say no covariance")
    }
    var result = WhiteningRecipe()
    result.kind = decorrelation.kind == .iternorm ? .iterNorm : .groupZCA
    result.width = min(decorrelation.width, samples / 2)
    result.iterations = decorrelation.iterations
    result.epsilon = decorrelation.epsilon
    result.shrinkage = decorrelation.shrinkage
    result.momentum = decorrelation.momentum
    return result
  }

  /// The maps that regions are read from, from 0: those asked for, or the deepest with a side of at
  /// least 8.
  func regionLevels(strides: [Int]) throws(PretrainError) -> [Int] {
    if local.level == .automatic {
      return [strides.lastIndex { (crops.size + $0 - 1) / $0 >= 8 } ?? 0]
    }
    let wanted = local.level.stages
    guard !wanted.isEmpty, Set(wanted).count == wanted.count,
      wanted.allSatisfy({ 1...strides.count ~= $0 })
    else {
      throw .recipe(
        key: "local.level", problem: "different stages are wanted, 1 to \(strides.count)")
    }
    return wanted.map { $0 - 1 }
  }

  /// The decoder whose maps regions are read from; nil where they are the encoder's.
  ///
  /// - Throws: ``PretrainError/recipe(key:problem:)`` for an encoder without one that can be pretrained.
  func regionDecoder(
    _ scope: Scope, of architecture: EncoderArchitecture
  ) throws(PretrainError) -> UNetDecoder? {
    guard learnsDecoder else { return nil }
    guard architecture.kind == .unet, architecture.features.count > 1 else {
      throw .recipe(key: "local.path", problem: "only a U-Net's decoder can learn with its encoder")
    }
    return UNetDecoder(scope, architecture, classes: 0)
  }

  /// A head for each map that regions are read from: the encoder's levels, then the decoder's. One level alone has
  /// no number in its name.
  func regionHeads(
    _ scope: Scope, _ levels: [Int], of encoder: any Encoder
  ) -> [LocalProjectionHead] {
    guard contrastsRegions else { return [] }
    let paths = local.path == .both ? [scope, scope / "decoder"] : [scope]
    return paths.flatMap { path in
      levels.map { level in
        LocalProjectionHead(
          levels.count == 1 ? path : path / "level\(level + 1)", encoder.channels[level],
          output: local.dimensions)
      }
    }
  }
}
