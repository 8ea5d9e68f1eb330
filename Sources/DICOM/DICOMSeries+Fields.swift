import Imaging

extension DICOMSeries: FieldPacked {
  /// A series that says nothing.
  public static let blank = DICOMSeries(
    seriesUID: "", part: "", headers: [], slices: [], grid: .blank, leading: .none,
    scaling: .identity, flags: [])

  /// Passes every field through the stream.
  public mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&seriesUID)
    fields.pass(&part)
    fields.pass(&headers, DICOMHeader.blank) { $1.pass(&$0) }
    fields.pass(&slices, []) { fields, slices in fields.pass(&slices, 0) { $0.pass(&$1) } }
    fields.pass(&blends, []) { fields, blends in
      fields.pass(&blends, SliceBlend(low: 0, high: 0, weight: 0)) {
        $0.pass(&$1.low)
        $0.pass(&$1.high)
        $0.pass(&$1.weight)
        $0.pass(&$1.lowGain)
        $0.pass(&$1.highGain)
      }
    }
    fields.pass(&grid)
    fields.pass(&leading)
    fields.pass(&scaling)
    fields.pass(&flags, "") { $0.pass(&$1) }
    fields.pass(&echoTime)
    fields.pass(&color)
  }
}

extension Grid {
  static let blank = Grid(size: .zero, affine: .identity)
}

extension FieldStream {
  mutating func pass(_ grid: inout Grid) {
    pass(&grid.size.x)
    pass(&grid.size.y)
    pass(&grid.size.z)
    pass(&grid.affine.x)
    pass(&grid.affine.y)
    pass(&grid.affine.z)
    pass(&grid.affine.origin)
  }

  /// The kind of a leading axis, and how long it is.
  mutating func pass(_ axis: inout LeadingAxis) {
    var (kind, count) = (0, axis.count)
    if case .time = axis { kind = 1 }
    if case .channel = axis { kind = 2 }
    pass(&kind)
    pass(&count)
    axis = kind == 1 ? .time(count) : kind == 2 ? .channel(count) : .none
  }

  /// The pairs of slope and intercept: none, one for all slices, or one a slice.
  mutating func pass(_ scaling: inout Scaling) {
    var (isPerSlice, slopes, intercepts) = (false, [Double](), [Double]())
    switch scaling {
    case .identity: break
    case .uniform(let slope, let intercept): (slopes, intercepts) = ([slope], [intercept])
    case .perSlice(let slope, let intercept):
      (isPerSlice, slopes, intercepts) = (true, slope, intercept)
    }
    pass(&isPerSlice)
    pass(&slopes, 0) { $0.pass(&$1) }
    pass(&intercepts, 0) { $0.pass(&$1) }
    scaling =
      isPerSlice
      ? .perSlice(slope: slopes, intercept: intercepts)
      : zip(slopes, intercepts).first { _ in true }
        .map { .uniform(slope: $0, intercept: $1) } ?? .identity
  }
}
