import CTorch

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence

/// Operators between tensors, and between a tensor and a number, which takes the tensor's type.
extension Tensor {
  private static func binary(
    _ name: StaticString, _ op: Int, _ a: Tensor, _ b: Tensor
  ) -> Tensor {
    trapping(operator: name) { ctorch_binary(Int32(op), a.handle, b.handle, $0) }
  }

  private static func binary(
    _ name: StaticString, _ op: Int, _ a: Tensor, _ b: Double
  ) -> Tensor {
    trapping(operator: name) { ctorch_binary_scalar(Int32(op), a.handle, b, $0) }
  }

  /// Sum.
  public static func + (a: Tensor, b: Tensor) -> Tensor { binary("+", CTorchAdd, a, b) }
  /// Sum.
  public static func + (a: Tensor, b: Double) -> Tensor { binary("+", CTorchAdd, a, b) }
  /// Difference.
  public static func - (a: Tensor, b: Tensor) -> Tensor { binary("-", CTorchSubtract, a, b) }
  /// Difference.
  public static func - (a: Tensor, b: Double) -> Tensor { binary("-", CTorchSubtract, a, b) }
  /// Product, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor { binary("*", CTorchMultiply, a, b) }
  /// Product, element by element.
  public static func * (a: Tensor, b: Double) -> Tensor { binary("*", CTorchMultiply, a, b) }
  /// Quotient, element by element.
  public static func / (a: Tensor, b: Tensor) -> Tensor { binary("/", CTorchDivide, a, b) }
  /// Quotient, element by element.
  public static func / (a: Tensor, b: Double) -> Tensor { binary("/", CTorchDivide, a, b) }
  /// Sum.
  public static func + (a: Double, b: Tensor) -> Tensor { b + a }
  /// Difference.
  public static func - (a: Double, b: Tensor) -> Tensor { -b + a }
  /// Product, element by element.
  public static func * (a: Double, b: Tensor) -> Tensor { b * a }
  /// Quotient, element by element.
  public static func / (a: Double, b: Tensor) -> Tensor { b.reciprocal() * a }
  /// Negative.
  public static prefix func - (a: Tensor) -> Tensor {
    trapping(operator: "-") { ctorch_unary(Int32(CTorchNegate), a.handle, $0) }
  }

  /// Of whole numbers, the bits that are set in one of the two and not in the other.
  public static func ^ (a: Tensor, b: Tensor) -> Tensor { binary("^", CTorchBitXor, a, b) }
  /// Of whole numbers, the bits that are set in the mask too.
  public static func & (a: Tensor, mask: Int) -> Tensor {
    binary("&", CTorchBitAnd, a, Double(mask))
  }
  /// Whole numbers with their bits moved towards the lowest.
  public static func >> (a: Tensor, count: Int) -> Tensor {
    binary(">>", CTorchShiftRight, a, Double(count))
  }

  /// Equal, bool element by element.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { binary(".==", CTorchEqual, a, b) }
  /// Equal, bool element by element.
  public static func .== (a: Tensor, b: Double) -> Tensor { binary(".==", CTorchEqual, a, b) }
  /// Not equal, bool element by element.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { binary(".!=", CTorchNotEqual, a, b) }
  /// Not equal, bool element by element.
  public static func .!= (a: Tensor, b: Double) -> Tensor { binary(".!=", CTorchNotEqual, a, b) }
  /// Less, bool element by element.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { binary(".<", CTorchLess, a, b) }
  /// Less, bool element by element.
  public static func .< (a: Tensor, b: Double) -> Tensor { binary(".<", CTorchLess, a, b) }
  /// Less or equal, bool element by element.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { binary(".<=", CTorchLessEqual, a, b) }
  /// Less or equal, bool element by element.
  public static func .<= (a: Tensor, b: Double) -> Tensor { binary(".<=", CTorchLessEqual, a, b) }
  /// Greater, bool element by element.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { binary(".>", CTorchGreater, a, b) }
  /// Greater, bool element by element.
  public static func .> (a: Tensor, b: Double) -> Tensor { binary(".>", CTorchGreater, a, b) }
  /// Greater or equal, bool element by element.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    binary(".>=", CTorchGreaterEqual, a, b)
  }
  /// Greater or equal, bool element by element.
  public static func .>= (a: Tensor, b: Double) -> Tensor {
    binary(".>=", CTorchGreaterEqual, a, b)
  }

  /// Both true, bool element by element.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { binary(".&", CTorchAnd, a, b) }
  /// Either true, bool element by element.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { binary(".|", CTorchOr, a, b) }
  /// Not true, bool element by element.
  public static prefix func ! (a: Tensor) -> Tensor {
    trapping(operator: "!") { ctorch_unary(Int32(CTorchNot), a.handle, $0) }
  }
}
