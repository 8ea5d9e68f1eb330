import Torch

/// Cross-correlation of N×I×H×W with square kernels, padded by zeros, plus a bias: N×O×H'×W'.
public struct Conv2d {
  /// O×(I/groups)×kernel×kernel.
  public let weight: Tensor
  /// O.
  public let bias: Tensor?
  /// Pixels from one window to the next.
  public let stride: Int
  /// Zeros on each side.
  public let padding: Int
  /// Pixels from one element of the kernel to the next.
  public let dilation: Int
  /// Parts of the channels that do not see each other.
  public let groups: Int

  /// Makes `weight` and, unless told otherwise, `bias`. With padding left out, stride 1 keeps the size.
  public init(
    _ scope: Scope, _ input: Int, _ output: Int, kernel: Int = 3, stride: Int = 1,
    padding: Int? = nil, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initial: Initialization? = nil, initialBias: Initialization? = nil
  ) {
    let standard = Initialization.standard(fanIn: input / groups * kernel * kernel)
    weight = scope.parameter(
      "weight", [output, input / groups, kernel, kernel], initial ?? standard)
    self.bias = bias ? scope.parameter("bias", [output], initialBias ?? standard) : nil
    self.padding = padding ?? (kernel - 1) / 2 * dilation
    (self.stride, self.dilation, self.groups) = (stride, dilation, groups)
  }

  /// N×I×H×W to N×O×H'×W'.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(
      weight, bias: bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
  }
}

/// The transpose of a convolution, which enlarges: N×I×H×W to N×O×(stride·H)×(stride·W) when the kernel is the stride.
public struct ConvTranspose2d {
  /// I×O×kernel×kernel.
  public let weight: Tensor
  /// O.
  public let bias: Tensor?
  /// Pixels between the windows that two neighbours are spread over.
  public let stride: Int

  /// Makes `weight` and, unless told otherwise, `bias`.
  public init(
    _ scope: Scope, _ input: Int, _ output: Int, kernel: Int, stride: Int, bias: Bool = true,
    initial: Initialization? = nil, initialBias: Initialization? = nil
  ) {
    // PyTorch takes the second axis for the fan-in, here too.
    let standard = Initialization.standard(fanIn: output * kernel * kernel)
    weight = scope.parameter("weight", [input, output, kernel, kernel], initial ?? standard)
    self.bias = bias ? scope.parameter("bias", [output], initialBias ?? standard) : nil
    self.stride = stride
  }

  /// N×I×H×W to N×O×H'×W', H' = (H − 1)·stride + kernel.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.convTranspose2d(weight, bias: bias, stride: stride)
  }
}

/// x Wᵀ + b: ...×I to ...×O.
public struct Linear {
  /// O×I.
  public let weight: Tensor
  /// O.
  public let bias: Tensor?

  /// Makes `weight` and, unless told otherwise, `bias`.
  public init(
    _ scope: Scope, _ input: Int, _ output: Int, bias: Bool = true,
    initial: Initialization? = nil, initialBias: Initialization? = nil
  ) {
    let standard = Initialization.standard(fanIn: input)
    weight = scope.parameter("weight", [output, input], initial ?? standard)
    self.bias = bias ? scope.parameter("bias", [output], initialBias ?? standard) : nil
  }

  /// ...×I to ...×O.
  public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias: bias) }
}
