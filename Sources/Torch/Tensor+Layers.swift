import CTorch

/// What networks are made of. Images are N×C×H×W.
extension Tensor {
  /// x Wᵀ + b: ...×I by O×I gives ...×O.
  public func linear(
    _ weight: Tensor, bias: Tensor? = nil, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_linear(handle, weight.handle, bias?.handle, $0) }
  }

  /// Cross-correlation with O×(C/groups)×k×k weights, padded by zeros.
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_conv2d(
        handle, weight.handle, bias?.handle, pair(stride), pair(padding), pair(dilation),
        Int64(groups), $0)
    }
  }

  /// The transpose of a convolution, with C×(O/groups)×k×k weights.
  public func convTranspose2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0,
    outputPadding: Int = 0, groups: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_conv_transpose2d(
        handle, weight.handle, bias?.handle, pair(stride), pair(padding), pair(outputPadding),
        Int64(groups), $0)
    }
  }

  /// Largest element of each window; the stride is the window unless given.
  public func maxPooled(
    _ kernel: Int, stride: Int? = nil, padding: Int = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_max_pool2d(handle, pair(kernel), pair(stride ?? kernel), pair(padding), $0)
    }
  }

  /// Mean of each window; the stride is the window unless given.
  public func averagePooled(
    _ kernel: Int, stride: Int? = nil, padding: Int = 0,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_avg_pool2d(handle, pair(kernel), pair(stride ?? kernel), pair(padding), $0)
    }
  }

  /// Means over a grid of windows, N×C×height×width.
  public func averagePooled(
    to size: (height: Int, width: Int), file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_adaptive_avg_pool2d(handle, [Int64(size.height), Int64(size.width)], $0)
    }
  }

  /// Mean of each channel: N×C×H×W gives N×C.
  public func globallyPooled(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    mean(axes: [2, 3], file: file, line: line)
  }

  /// Read again on another grid, N×C×height×width; pixels are squares, the corners of the images coincide
  /// (`alignCorners`: the centres of the corner pixels do).
  public func interpolated(
    to size: (height: Int, width: Int), _ mode: Interpolation = .bilinear,
    alignCorners: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_interpolate(
        handle, mode.code, [Int64(size.height), Int64(size.width)], alignCorners ? 1 : 0, $0)
    }
  }

  /// Read at points: grid N×h×w×2 of (x, y) in −1...1 gives N×C×h×w.
  ///
  /// −1 and 1 are the outer edges of the corner pixels (`alignCorners`: their centres).
  public func sampled(
    at grid: Tensor, _ mode: Interpolation = .bilinear, outside: GridPadding = .zeros,
    alignCorners: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_grid_sample(
        handle, grid.handle, mode.code, outside.code, alignCorners ? 1 : 0, $0)
    }
  }

  /// Some elements zero, the others scaled so that the mean stays; itself outside training. Draws from the
  /// default generator.
  public func dropout(
    _ probability: Double, training: Bool,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_dropout(handle, probability, training ? 1 : 0, $0) }
  }
}

/// How values between grid points are read.
public enum Interpolation: String, Sendable, Codable, CaseIterable {
  case nearest, bilinear

  /// The shim's number.
  package var code: Int32 {
    switch self {
    case .nearest: Int32(CTorchNearest)
    case .bilinear: Int32(CTorchBilinear)
    }
  }
}

/// What lies outside an image that is sampled.
public enum GridPadding: String, Sendable, Codable, CaseIterable {
  case zeros, border, reflection

  /// The shim's number.
  package var code: Int32 {
    switch self {
    case .zeros: Int32(CTorchPadZeros)
    case .border: Int32(CTorchPadBorder)
    case .reflection: Int32(CTorchPadReflection)
    }
  }
}
