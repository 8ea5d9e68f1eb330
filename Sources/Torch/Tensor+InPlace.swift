import CTorch

/// Functions that change the tensor in place, and with it everything that shares its memory.
///
/// A tensor that derivatives are asked of may be changed only inside `withoutGradients`.
extension Tensor {
  private func change(_ op: Int, _ other: Tensor, _ scale: Double, _ site: Site) {
    trapping(site) { ctorch_in_place(Int32(op), handle, other.handle, scale, $0) }
  }

  private func change(_ op: Int, _ number: Double, _ site: Site) {
    trapping(site) { ctorch_in_place_scalar(Int32(op), handle, number, $0) }
  }

  /// x ← x + scale · other.
  public func add(
    _ other: Tensor, scale: Double = 1, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchInPlaceAdd, other, scale, Site(file, line))
  }

  /// x ← x + number.
  public func add(_ number: Double, file: StaticString = #fileID, line: UInt = #line) {
    change(CTorchInPlaceAdd, number, Site(file, line))
  }

  /// x ← x · other.
  public func multiply(
    by other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchInPlaceMultiply, other, 1, Site(file, line))
  }

  /// x ← x · number.
  public func multiply(
    by number: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchInPlaceMultiply, number, Site(file, line))
  }

  /// x ← x / other.
  public func divide(
    by other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchInPlaceDivide, other, 1, Site(file, line))
  }

  /// x ← number.
  public func fill(_ number: Double, file: StaticString = #fileID, line: UInt = #line) {
    change(CTorchInPlaceCopy, number, Site(file, line))
  }

  /// x ← other, converted to this tensor's type, device and memory format.
  public func copy(
    from other: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchInPlaceCopy, other, 1, Site(file, line))
  }

  /// The slices of an axis with the given indices (int64, one axis, none twice) ← those of another tensor.
  public func copy(
    from other: Tensor, axis: Int, at indices: Tensor,
    file: StaticString = #fileID, line: UInt = #line
  ) {
    trapping(Site(file, line)) {
      ctorch_index_copy(handle, Int64(axis), indices.handle, other.handle, $0)
    }
  }

  /// x ← x + weight · (end − x).
  public func lerp(
    to end: Tensor, weight: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    trapping(Site(file, line)) { ctorch_lerp(handle, end.handle, weight, $0) }
  }
}
