/// How the samples of one axis become those of another: for each of the new ones the first old one
/// and the weights of it and those after it.
///
/// The kernel is a tent as wide as the coarser of the two spacings: linear interpolation when going
/// finer, an antialiased average when going coarser, the identity when nothing changes. At the
/// border it is cut off and weighs what is left, so a value is carried outwards for half a sample.
struct AxisWeights: Sendable {
  /// Old samples to begin with; -1 where the new sample lies outside.
  private(set) var first: [Int] = []
  private(set) var weights: [[Float]] = []

  /// New sample `i` lies at `start + i × step` among `count` old ones.
  init(new: Int, start: Double, step: Double, old count: Int) {
    let radius = max(1, step)
    for i in 0..<new {
      let place = start + Double(i) * step
      guard place >= -0.5, place <= Double(count) - 0.5 else {
        first.append(-1)
        weights.append([])
        continue
      }
      let low = max(0, Int((place - radius).rounded(.down)))
      let high = min(count - 1, Int((place + radius).rounded(.up)))
      var tent = (low...high).map { max(0, 1 - abs(Double($0) - place) / radius) }
      var begin = low
      while tent.count > 1, tent[0] == 0 {
        tent.removeFirst()
        begin += 1
      }
      while tent.count > 1, tent[tent.count - 1] == 0 { tent.removeLast() }
      let sum = tent.reduce(0, +)
      first.append(begin)
      weights.append(tent.map { Float($0 / sum) })
    }
  }
}

/// Scales a plane of `columns.old × rows.old` samples, first along rows of the image, then across.
struct PlaneResampling: Sendable {
  let columns, rows: AxisWeights
  let oldWidth, oldHeight: Int
  var width: Int { columns.first.count }
  var height: Int { rows.first.count }

  /// `plane` has `oldHeight × oldWidth` values; new samples outside of it are `outside`.
  func callAsFunction(_ plane: [Float], outside: Float) -> [Float] {
    let narrowed = alongRows(plane)
    var result = [Float](repeating: outside, count: width * height)
    for y in 0..<height where rows.first[y] >= 0 {
      let weights = rows.weights[y]
      for x in 0..<width where columns.first[x] >= 0 {
        var at = rows.first[y] * width + x
        var sum: Float = 0
        for weight in weights {
          sum += weight * narrowed[at]
          at += width
        }
        result[y * width + x] = sum
      }
    }
    return result
  }

  private func alongRows(_ plane: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: width * oldHeight)
    for x in 0..<width where columns.first[x] >= 0 {
      let (first, weights) = (columns.first[x], columns.weights[x])
      for y in 0..<oldHeight {
        var sum: Float = 0
        for (i, weight) in weights.enumerated() { sum += weight * plane[y * oldWidth + first + i] }
        result[y * width + x] = sum
      }
    }
    return result
  }

  /// The class of most weight at each new sample: the argmax of the resampled one-hot planes,
  /// `outside` where there is none. Of equal classes the lower one is taken.
  func classes<Label: FixedWidthInteger>(_ plane: [Label], outside: Label) -> [Label] {
    var best = [Float](repeating: 0, count: width * height)
    var result = [Label](repeating: outside, count: width * height)
    for label in Set(plane).sorted() {
      let share = self(plane.map { $0 == label ? 1 : 0 }, outside: 0)
      for i in share.indices where share[i] > best[i] {
        best[i] = share[i]
        result[i] = label
      }
    }
    return result
  }
}

extension SliceGeometry {
  /// Source voxels along columns and rows of a slice.
  var sourceWidth: Int { source.size[axes[0]] }
  var sourceHeight: Int { source.size[axes[1]] }

  /// From a slice of the turned source to the canvas.
  var forwards: PlaneResampling {
    PlaneResampling(
      columns: AxisWeights(new: width, start: start.x, step: step.x, old: sourceWidth),
      rows: AxisWeights(new: height, start: start.y, step: step.y, old: sourceHeight),
      oldWidth: sourceWidth, oldHeight: sourceHeight)
  }

  /// From the canvas to a slice of the turned source.
  var backwards: PlaneResampling {
    PlaneResampling(
      columns: AxisWeights(
        new: sourceWidth, start: -start.x / step.x, step: 1 / step.x, old: width),
      rows: AxisWeights(
        new: sourceHeight, start: -start.y / step.y, step: 1 / step.y, old: height),
      oldWidth: width, oldHeight: height)
  }
}
