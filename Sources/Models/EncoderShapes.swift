/// What the names and shapes of a file's tensors say of the encoder that they belong to.
///
/// The shapes of all large tensors are compared with those that the architecture asks for, so that nobody's file makes us
/// build a network larger than the file.
struct EncoderShapes {
  private let shapes: [String: [Int]]
  private let path: String

  init(_ shapes: [String: [Int]], path: String) {
    (self.shapes, self.path) = (shapes, path)
  }

  /// The architecture; strides that no transposed convolution tells are taken for nnU-Net's usual 1, 2, 2, ….
  func architecture() throws(ModelsError) -> EncoderArchitecture {
    if shapes.keys.contains(where: { $0.hasPrefix("encoder.stages.") }) { return try unet() }
    if shapes["conv1.weight"] != nil, shapes["layer1.0.conv1.weight"] != nil {
      return try resnet()
    }
    throw bad(
      "its names are neither torchvision's (conv1.weight, layer1.0.conv1.weight) nor those of "
        + "nnU-Net's plain U-Net (encoder.stages.0.0.convs.0.conv.weight)")
  }

  private func unet() throws(ModelsError) -> EncoderArchitecture {
    var result = EncoderArchitecture()
    (result.kind, result.features) = (.unet, [])
    var counts: [Int] = []
    while let first = shapes[convolution(result.features.count, 0)] {
      let stage = result.features.count
      guard first.count == 4 else {
        throw bad("\(convolution(stage, 0)) is \(text(first)), not a convolution of images")
      }
      if stage == 0 { result.inputChannels = first[1] }
      result.features.append(first[0])
      counts.append((0...16).first { shapes[convolution(stage, $0)] == nil } ?? 17)
    }
    guard let count = counts.first, Set(counts).count == 1 else {
      throw bad(
        counts.isEmpty
          ? "its U-Net is not a plain one (PlainConvUNet): \(convolution(0, 0)) is missing"
          : "its stages have \(counts) convolutions, and only equal numbers can be built here")
    }
    result.convolutions = count
    result.strides = try strides(result.features.count)
    try result.checkShape(self)
    return result
  }

  /// The stride of each stage: that of the transposed convolution which undoes it.
  private func strides(_ stages: Int) throws(ModelsError) -> [Int] {
    var result = [1] + [Int](repeating: 2, count: max(0, stages - 1))
    for stage in result.indices.dropFirst() {
      let name = "decoder.transpconvs.\(stages - 1 - stage).weight"
      guard let shape = shapes[name] else { continue }
      guard shape.count == 4, shape[2] == shape[3] else {
        throw bad("\(name) is \(text(shape)): only square strides can be built here")
      }
      result[stage] = shape[2]
    }
    return result
  }

  private func resnet() throws(ModelsError) -> EncoderArchitecture {
    var result = EncoderArchitecture()
    let isBottleneck = shapes["layer1.0.conv3.weight"] != nil
    let blocks = (1...4).map { layer in
      (0...64).first { shapes["layer\(layer).\($0).conv1.weight"] == nil } ?? 65
    }
    switch (isBottleneck, blocks) {
    case (false, [2, 2, 2, 2]): result.kind = .resnet18
    case (true, [3, 4, 6, 3]): result.kind = .resnet50
    default:
      throw bad(
        "its ResNet has \(blocks) \(isBottleneck ? "bottleneck" : "basic") blocks; "
          + "resnet18 and resnet50 can be built here")
    }
    guard let stem = shapes["conv1.weight"], stem.count == 4 else {
      throw bad("conv1.weight is not a convolution of images")
    }
    (result.width, result.inputChannels) = (stem[0], stem[1])
    try result.checkShape(self)
    return result
  }

  private func convolution(_ stage: Int, _ index: Int) -> String {
    "encoder.stages.\(stage).0.convs.\(index).conv.weight"
  }

  /// Throws unless the tensor of this name has this shape.
  fileprivate func demand(_ name: String, _ shape: [Int]) throws(ModelsError) {
    guard let found = shapes[name] else { throw bad("\(name) is missing") }
    guard found == shape else {
      throw bad("\(name) is \(text(found)) where \(text(shape)) can be built here")
    }
  }

  private func bad(_ reason: String) -> ModelsError { .notWeights(path: path, reason: reason) }
}

extension EncoderArchitecture {
  /// Throws unless it can be built and the convolutions that hold most of its numbers have their shapes.
  fileprivate func checkShape(_ shapes: EncoderShapes) throws(ModelsError) {
    try check()
    switch kind {
    case .unet:
      for stage in features.indices {
        for index in 0..<convolutions {
          let input = index > 0 ? features[stage] : stage > 0 ? features[stage - 1] : inputChannels
          try shapes.demand(
            "encoder.stages.\(stage).0.convs.\(index).conv.weight", [features[stage], input, 3, 3])
        }
      }
    case .resnet18, .resnet50:
      try shapes.demand("conv1.weight", [width, inputChannels, 7, 7])
      for layer in 0..<4 {
        let inner = width << layer
        try shapes.demand("layer\(layer + 1).1.conv2.weight", [inner, inner, 3, 3])
      }
    }
  }
}

/// A shape as `64×3×7×7`.
public func text(_ shape: [Int]) -> String {
  shape.isEmpty ? "a scalar" : shape.map(String.init).joined(separator: "×")
}
