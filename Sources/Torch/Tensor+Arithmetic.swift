import CTorch

/// Elementwise arithmetic. Shapes broadcast as everywhere: axes from the last on are equal, or one of them is 1.
extension Tensor {
  private func unary(_ op: Int, _ site: Site) -> Tensor {
    trapping(site) { ctorch_unary(Int32(op), handle, $0) }
  }

  private func binary(_ op: Int, _ other: Tensor, _ site: Site) -> Tensor {
    trapping(site) { ctorch_binary(Int32(op), handle, other.handle, $0) }
  }

  private func binary(_ op: Int, _ number: Double, _ site: Site) -> Tensor {
    trapping(site) { ctorch_binary_scalar(Int32(op), handle, number, $0) }
  }

  /// |x|.
  public func absolute(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchAbsolute, Site(file, line))
  }

  /// e to the x.
  public func exponential(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchExponential, Site(file, line))
  }

  /// Natural logarithm.
  public func logarithm(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchLogarithm, Site(file, line))
  }

  /// √x.
  public func squareRoot(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchSquareRoot, Site(file, line))
  }

  /// 1/√x.
  public func reciprocalSquareRoot(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchReciprocalSquareRoot, Site(file, line))
  }

  /// x².
  public func squared(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchSquare, Site(file, line))
  }

  /// 1/x.
  public func reciprocal(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchReciprocal, Site(file, line))
  }

  /// 1/(1 + e to the −x).
  public func sigmoid(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchSigmoid, Site(file, line))
  }

  /// max(x, 0).
  public func relu(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchReLU, Site(file, line))
  }

  /// The next whole number below.
  public func floor(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchFloor, Site(file, line))
  }

  /// The nearest whole number, halves to even.
  public func rounded(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchRound, Site(file, line))
  }

  /// Whether neither infinite nor not a number, bool.
  public func isFinite(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchIsFinite, Site(file, line))
  }

  /// sin x, of radians.
  public func sine(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchSine, Site(file, line))
  }

  /// cos x, of radians.
  public func cosine(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    unary(CTorchCosine, Site(file, line))
  }

  /// max(x, 0) + slope · min(x, 0).
  public func leakyReLU(
    _ slope: Double = 0.01, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_leaky_relu(handle, slope, $0) }
  }

  /// x to the power of a number.
  public func power(
    _ exponent: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    binary(CTorchPower, exponent, Site(file, line))
  }

  /// x to the power of the other, element by element.
  public func power(
    _ exponents: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    binary(CTorchPower, exponents, Site(file, line))
  }

  /// The larger of the two, element by element.
  public func maximum(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    binary(CTorchMaximum, other, Site(file, line))
  }

  /// The smaller of the two, element by element.
  public func minimum(
    _ other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    binary(CTorchMinimum, other, Site(file, line))
  }

  /// Elements below the range raised to its lower bound, above it lowered to its upper.
  public func clamped(
    _ range: ClosedRange<Double>, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_clamp(handle, range.lowerBound, range.upperBound, $0)
    }
  }

  /// No element below the number.
  public func clamped(
    min: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    binary(CTorchMaximum, min, Site(file, line))
  }

  /// No element above the number.
  public func clamped(
    max: Double, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    binary(CTorchMinimum, max, Site(file, line))
  }
}
