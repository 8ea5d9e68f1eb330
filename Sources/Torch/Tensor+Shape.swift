import CTorch

/// Views, joins and picks.
extension Tensor {
  /// The same elements in another shape, in which one size may be −1; a view where memory allows, else a copy.
  public func reshaped(
    _ shape: [Int], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_reshape(handle, shape.wide, Int64(shape.count), $0) }
  }

  /// The axes in another order; a view.
  public func permuted(
    _ axes: [Int], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_permute(handle, axes.wide, Int64(axes.count), $0) }
  }

  /// The last two axes exchanged; a view.
  public var transposed: Tensor {
    var axes = Array(0..<rank)
    require(rank >= 2, "transposed needs two axes, this has \(rank)")
    axes.swapAt(rank - 1, rank - 2)
    return permuted(axes)
  }

  /// Axes of size 1 repeated without copying, −1 keeps a size; a view.
  public func expanded(
    _ shape: [Int], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_expand(handle, shape.wide, Int64(shape.count), $0) }
  }

  /// A new axis of size 1 before `axis`; a view.
  public func unsqueezed(
    _ axis: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_unsqueeze(handle, Int64(axis), $0) }
  }

  /// Without an axis, which must have size 1; a view.
  public func squeezed(
    _ axis: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_squeeze(handle, Int64(axis), $0) }
  }

  /// A range of an axis, every `step`th; a view. Traps outside the axis.
  public func narrowed(
    axis: Int, _ range: Range<Int>, step: Int = 1,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_slice(
        handle, Int64(axis), Int64(range.lowerBound), Int64(range.upperBound), Int64(step), $0)
    }
  }

  /// One index of an axis, which disappears; a view.
  public func selected(
    axis: Int, _ index: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_select(handle, Int64(axis), Int64(index), $0) }
  }

  /// One index of the first axis, which disappears; a view.
  public subscript(index: Int) -> Tensor { selected(axis: 0, index) }

  /// A range of the first axis; a view.
  public subscript(range: Range<Int>) -> Tensor { narrowed(axis: 0, range) }

  /// The diagonal of the last two axes; a view.
  public func diagonal(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
    trapping(Site(file, line)) { ctorch_diagonal(handle, $0) }
  }

  /// The given axes reversed.
  public func flipped(
    _ axes: [Int], file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_flip(handle, axes.wide, Int64(axes.count), $0) }
  }

  /// Elements put around it: before and after along the last axis, then along the one before it, and so on.
  public func padded(
    _ widths: [Int], with value: Double = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_pad(handle, widths.wide, Int64(widths.count), value, $0)
    }
  }

  /// The slices of an axis with the given indices (int64 or int32, one axis), in their order.
  public func selecting(
    axis: Int, _ indices: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_index_select(handle, Int64(axis), indices.handle, $0) }
  }

  /// Element by element, the one whose place along `axis` is given (int64, same rank).
  public func gathered(
    axis: Int, _ indices: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_gather(handle, Int64(axis), indices.handle, $0) }
  }

  /// Tensors joined along an axis that they have.
  public static func concatenated(
    _ tensors: [Tensor], axis: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let handles = tensors.map(\.handle)
    return withExtendedLifetime(tensors) {
      trapping(Site(file, line)) {
        ctorch_concatenate(handles, Int64(handles.count), Int64(axis), $0)
      }
    }
  }

  /// Tensors of one shape joined along a new axis.
  public static func stacked(
    _ tensors: [Tensor], axis: Int = 0, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    let handles = tensors.map(\.handle)
    return withExtendedLifetime(tensors) {
      trapping(Site(file, line)) { ctorch_stack(handles, Int64(handles.count), Int64(axis), $0) }
    }
  }

  /// Elements of `a` where the condition (bool) holds, of `b` elsewhere; shapes broadcast.
  public static func choosing(
    _ a: Tensor, where condition: Tensor, else b: Tensor,
    file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_where(condition.handle, a.handle, b.handle, $0) }
  }

  /// A number where the mask (bool, broadcast) holds, the elements elsewhere.
  public func filled(
    _ value: Double, where mask: Tensor, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_masked_fill(handle, mask.handle, value, $0) }
  }

  /// Classes (int64) as vectors with a single one, int64, shape × classes.
  public func oneHot(
    _ classes: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_one_hot(handle, Int64(classes), $0) }
  }
}
