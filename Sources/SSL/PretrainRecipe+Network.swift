import Models

extension PretrainRecipe {
  /// The encoder that this recipe trains on images of so many channels.
  func encoder(channels: Int) throws(PretrainError) -> EncoderArchitecture {
    var result = EncoderArchitecture()
    result.inputChannels = channels
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
      result.lastNorm = try whitening(samples: samples(stride: result.depth))
    }
    return result
  }

  /// Samples that whitening sees in a batch: pixels of the last map, or pooled vectors.
  func samples(stride: Int) -> Int {
    if decorrelation.place == .pooled { return batch }
    let side = (crops.size + stride - 1) / stride
    return batch * side * side
  }

  /// How features are whitened; at most half as many channels together as there are samples.
  func whitening(samples: Int) throws(PretrainError) -> WhiteningRecipe {
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

  /// The map that regions are read from, from 0: the one asked for, or the deepest with a side of at
  /// least 8.
  func regionLevel(strides: [Int]) throws(PretrainError) -> Int {
    if local.level > 0 {
      guard local.level <= strides.count else {
        throw .recipe(key: "local.level", problem: "the encoder has \(strides.count) stages")
      }
      return local.level - 1
    }
    return strides.lastIndex { (crops.size + $0 - 1) / $0 >= 8 } ?? 0
  }
}
