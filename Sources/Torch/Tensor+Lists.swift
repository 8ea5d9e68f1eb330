import CTorch

/// Many tensors changed in place, each with its own partner in other lists of as many.
///
/// On a GPU that is a launch or two for all of them, where one at a time each takes a launch of its own, which for the
/// small tensors of a network costs more than the work. On a CPU it is the same as one after the other.
extension [Tensor] {
  /// x ← x + scale · other.
  public func add(
    _ others: [Tensor], scale: Double = 1, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchEachAdd, others, by: scale, Site(file, line))
  }

  /// x ← x + number.
  public func add(_ number: Double, file: StaticString = #fileID, line: UInt = #line) {
    change(CTorchEachAddNumber, by: number, Site(file, line))
  }

  /// x ← x · number.
  public func multiply(by number: Double, file: StaticString = #fileID, line: UInt = #line) {
    change(CTorchEachMultiply, by: number, Site(file, line))
  }

  /// x ← x · factor, one scalar on the tensors' device for all.
  public func multiply(by factor: Tensor, file: StaticString = #fileID, line: UInt = #line) {
    let site = Site(file, line)
    withExtendedLifetime((self, factor)) {
      trapping(site) {
        ctorch_each_in_place(
          Int32(CTorchEachScale), map(\.handle), [factor.handle], [], Int64(count), 1, $0)
      }
    }
  }

  /// x ← x + scale · a · b.
  public func addProduct(
    _ a: [Tensor], _ b: [Tensor], scale: Double = 1, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    change(CTorchEachAddProduct, a, b, by: scale, Site(file, line))
  }

  /// x ← x + scale · a / b.
  public func addQuotient(
    _ a: [Tensor], _ b: [Tensor], scale: Double = 1, file: StaticString = #fileID,
    line: UInt = #line
  ) {
    change(CTorchEachAddQuotient, a, b, by: scale, Site(file, line))
  }

  /// x ← x + weight · (end − x).
  public func lerp(
    to ends: [Tensor], weight: Double, file: StaticString = #fileID, line: UInt = #line
  ) {
    change(CTorchEachLerp, ends, by: weight, Site(file, line))
  }

  /// √x of each.
  public func squareRoots(file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    mapped(CTorchEachSquareRoot, Site(file, line))
  }

  /// The Euclidean length of each, scalars.
  public func norms(file: StaticString = #fileID, line: UInt = #line) -> [Tensor] {
    mapped(CTorchEachNorm, Site(file, line))
  }

  private func change(_ op: Int, _ partners: [Tensor]..., by number: Double, _ site: Site) {
    for list in partners {
      require(
        list.count == count, "\(count) tensors with \(list.count)", file: site.file,
        line: site.line)
    }
    let lists = ([self] + partners).map { $0.map(\.handle) }
    let (a, b) = (lists.dropFirst().first ?? [], lists.dropFirst(2).first ?? [])
    withExtendedLifetime((self, partners)) {
      trapping(site) {
        ctorch_each_in_place(Int32(op), lists[0], a, b, Int64(count), number, $0)
      }
    }
  }

  private func mapped(_ op: Int, _ site: Site) -> [Tensor] {
    let handles = map(\.handle)
    var results = [OpaquePointer?](repeating: nil, count: count)
    withExtendedLifetime(self) {
      trapping(site) { error -> Int32 in
        results.withUnsafeMutableBufferPointer { out -> Int32 in
          guard let start = out.baseAddress else { return 0 }
          return ctorch_each(Int32(op), handles, Int64(handles.count), start, error)
        }
      }
    }
    return results.map { Tensor(handle: $0!) }
  }
}
