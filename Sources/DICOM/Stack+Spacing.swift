import Imaging

/// An output slice between two of the input: (1 − weight) × lowGain × low + weight × highGain × high.
public struct SliceBlend: Sendable, Equatable {
  /// Slice of the input, from 0.
  public var low: Int
  /// Slice of the input, from 0.
  public var high: Int
  /// What the upper one counts, from 0 to 1.
  public var weight: Double
  /// The slope of the lower one to the larger of both, which is that of the output.
  public var lowGain = 1.0
  /// The slope of the upper one to the larger of both.
  public var highGain = 1.0

  /// The slope of the output, from those of the input.
  func slope(_ slopes: [Double]) -> Double { max(slopes[low], slopes[high]) }

  /// The same blend of slices whose stored values have these slopes.
  func among(_ slopes: [Double]) -> SliceBlend {
    var blend = self
    (blend.lowGain, blend.highGain) = (
      slopes[low] / slope(slopes), slopes[high] / slope(slopes)
    )
    return blend
  }
}

/// How the slices of a stack follow one another along their normal.
struct SliceSpacing {
  /// Heights in mm, rising.
  let heights: [Double]
  let gaps: [Double]
  /// The median gap.
  let typical: Double

  init(heights: [Double]) {
    self.heights = heights
    gaps = zip(heights.dropFirst(), heights).map { $0 - $1 }
    typical = gaps.sorted().dropFirst(gaps.count / 2).first ?? 1
  }

  /// By how much a gap may differ: 1 %, or the rounding of decimals.
  var tolerance: Double { max(0.01, 0.01 * typical) }

  /// The first gap that differs from the usual one.
  var flaw: Int? { gaps.firstIndex { abs($0 - typical) > tolerance } }

  /// Whether every gap that differs is a whole number of usual ones: slices are missing.
  var isMissing: Bool {
    gaps.allSatisfy { gap in
      let count = (gap / typical).rounded()
      return count >= 1 && abs(gap - count * typical) <= tolerance * count
    }
  }

  /// Where slices are missing: the first slice behind each wide gap.
  var breaks: [Int] { gaps.indices.filter { gaps[$0] > 1.5 * typical }.map { $0 + 1 } }

  /// Evenly spaced slices from the first to the last, as many as the smallest gap asks for and at
  /// most twice as many as there are; where slices are missing, those that are there stay.
  func evened() -> (step: Double, blends: [SliceBlend]) {
    let extent = (heights.last ?? 0) - (heights.first ?? 0)
    let unit = isMissing ? typical : gaps.min() ?? typical
    let wanted = Int((min(extent / unit, 65_536)).rounded()) + 1
    let count = isMissing ? wanted : min(max(wanted, heights.count), 2 * heights.count)
    let step = extent / Double(count - 1)
    return (step, (0..<count).map { blend(heights[0] + step * Double($0)) })
  }

  private func blend(_ height: Double) -> SliceBlend {
    let above = heights.firstIndex { $0 > height - 2 * tolerance } ?? heights.count - 1
    if abs(heights[above] - height) <= 2 * tolerance || above == 0 {
      return SliceBlend(low: above, high: above, weight: 0)
    }
    var weight = (height - heights[above - 1]) / gaps[above - 1]
    if isMissing {  // at whole steps, whatever the decimals of the places say
      let steps = (gaps[above - 1] / typical).rounded()
      weight = (weight * steps).rounded() / steps
    }
    return SliceBlend(low: above - 1, high: above, weight: weight)
  }
}

extension Stack {
  /// The vector from a slice to the next, and the place of the first.
  ///
  /// The direction is that from the first slice to the last. Its length is the distance of the two
  /// slices that were scanned first, as dcm2niix takes it, so that grids of both compare equal,
  /// where that puts every slice within 1 % of a step of its place; else it is the mean.
  func line(_ levels: [[Member]]) -> (step: SIMD3<Double>, origin: SIMD3<Double>) {
    guard let first = levels.first?.first, let last = levels.last?.first, levels.count > 1 else {
      let origin = levels.first?.first?.plane.position ?? .zero
      return (normal * thickness, origin)
    }
    let count = Double(levels.count - 1)
    let (start, end) = (first.plane.position, last.plane.position)
    let mean = (end - start) / count
    let meanGap = dot(mean, normal)
    let isUpward =
      (first.header.instanceNumber ?? 0) <= (last.header.instanceNumber ?? 0)
    let pair = isUpward ? levels.prefix(2) : levels.suffix(2)
    let heights = pair.map { dot($0[0].plane.position, normal) }
    let gap = heights[1] - heights[0]
    guard abs(gap - meanGap) * count <= 0.01 * meanGap else { return (mean, start) }
    let step = mean * (gap / meanGap)
    return (step, isUpward ? start : end - step * count)
  }

  /// The thickness of a slice that has no neighbour.
  private var thickness: Double {
    let acquisition = members.first?.header.acquisition
    let step = acquisition?.spacingBetweenSlices ?? acquisition?.sliceThickness ?? 1
    return step > 0 ? step : 1
  }
}
