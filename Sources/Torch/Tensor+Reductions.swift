import CTorch

/// Many elements become fewer. Without axes, all of them; `keep` leaves reduced axes with size 1.
extension Tensor {
  private func reduced(_ op: Int, _ axes: [Int]?, _ keep: Bool, _ site: Site) -> Tensor {
    let axes = (axes ?? Array(0..<rank)).wide
    return trapping(site) {
      ctorch_reduce(Int32(op), handle, axes, Int64(axes.count), keep ? 1 : 0, $0)
    }
  }

  /// Sum, over some axes or all.
  public func sum(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchSum, axes, keep, Site(file, line))
  }

  /// Sum, over one axis.
  public func sum(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchSum, [axis], keep, Site(file, line))
  }

  /// Mean, over some axes or all.
  public func mean(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchMean, axes, keep, Site(file, line))
  }

  /// Mean, over one axis.
  public func mean(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchMean, [axis], keep, Site(file, line))
  }

  /// Largest element, over some axes or all.
  public func largest(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchLargest, axes, keep, Site(file, line))
  }

  /// Largest element, over one axis.
  public func largest(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchLargest, [axis], keep, Site(file, line))
  }

  /// Smallest element, over some axes or all.
  public func smallest(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchSmallest, axes, keep, Site(file, line))
  }

  /// Smallest element, over one axis.
  public func smallest(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchSmallest, [axis], keep, Site(file, line))
  }

  /// ln Σ e to the x, without overflow, over some axes or all.
  public func logSumExp(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchLogSumExp, axes, keep, Site(file, line))
  }

  /// ln Σ e to the x, without overflow, over one axis.
  public func logSumExp(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchLogSumExp, [axis], keep, Site(file, line))
  }

  /// Mean squared distance from the mean (divided by the count, not by one less), over some axes or all.
  public func variance(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchVariance, axes, keep, Site(file, line))
  }

  /// Mean squared distance from the mean (divided by the count, not by one less), over one axis.
  public func variance(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchVariance, [axis], keep, Site(file, line))
  }

  /// Root of the sum of squares, over some axes or all.
  public func norm(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchNorm, axes, keep, Site(file, line))
  }

  /// Root of the sum of squares, over one axis.
  public func norm(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchNorm, [axis], keep, Site(file, line))
  }

  /// Whether one is not zero, bool, over some axes or all.
  public func any(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchAny, axes, keep, Site(file, line))
  }

  /// Whether one is not zero, bool, over one axis.
  public func any(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchAny, [axis], keep, Site(file, line))
  }

  /// Whether none is zero, bool, over some axes or all.
  public func all(
    axes: [Int]? = nil, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchAll, axes, keep, Site(file, line))
  }

  /// Whether none is zero, bool, over one axis.
  public func all(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    reduced(CTorchAll, [axis], keep, Site(file, line))
  }

  /// Where the largest element of each line along an axis is, int64.
  public func indexOfLargest(
    axis: Int, keep: Bool = false, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) {
      ctorch_index_of_largest(handle, Int64(axis), keep ? 1 : 0, $0)
    }
  }

  /// The k largest (or smallest) elements along an axis in order, and their places, int64.
  public func top(
    _ k: Int, axis: Int, largest: Bool = true,
    file: StaticString = #fileID, line: UInt = #line
  ) -> (values: Tensor, indices: Tensor) {
    two(Site(file, line)) {
      ctorch_top_k(handle, Int64(k), Int64(axis), largest ? 1 : 0, $0, $1)
    }
  }

  /// e to the x over its sum along an axis.
  public func softmax(
    axis: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_softmax(handle, Int64(axis), 0, $0) }
  }

  /// Logarithm of the softmax along an axis.
  public func logSoftmax(
    axis: Int, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_softmax(handle, Int64(axis), 1, $0) }
  }

  /// Divided by the root of the sum of squares along an axis, or by epsilon where that is smaller.
  public func normalized(
    axis: Int, epsilon: Double = 1e-12, file: StaticString = #fileID, line: UInt = #line
  ) -> Tensor {
    trapping(Site(file, line)) { ctorch_normalize(handle, Int64(axis), epsilon, $0) }
  }
}

/// Runs a function of the shim that gives two tensors.
func two(
  _ site: Site, _ body: (UnsafeMutablePointer<OpaquePointer?>, CError) -> Int32
) -> (Tensor, Tensor) {
  var handles: [OpaquePointer?] = [nil, nil]
  trapping(site) { error in handles.withUnsafeMutableBufferPointer { body($0.baseAddress!, error) }
  }
  return (Tensor(handle: handles[0]!), Tensor(handle: handles[1]!))
}
