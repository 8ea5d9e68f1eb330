/// How the samples of one axis become those of another: for each of the new ones the first old one
/// and the weights of it and those after it.
///
/// The kernel is a tent as wide as the coarser of the two spacings: linear interpolation when going
/// finer, an antialiased average when going coarser, the identity when nothing changes. At the
/// border it is cut off and weighs what is left, so a value is carried outwards for half a sample.
struct AxisWeights: Sendable {
  /// The first old sample of each new one; -1 where the new sample lies outside.
  private(set) var first: [Int] = []
  /// The weights of all new samples, one after the other, and where those of each begin.
  private(set) var weights: [Float] = []
  private(set) var begins: [Int] = [0]
  /// Whether each new sample is one old sample, or outside.
  private(set) var copies = true

  /// New sample `i` lies at `start + i × step` among `count` old ones.
  init(new: Int, start: Double, step: Double, old count: Int) {
    let radius = max(1, step)
    for i in 0..<new {
      let place = start + Double(i) * step
      let inside = place >= -0.5 && place <= Double(count) - 0.5
      let (begin, tent) = inside ? Self.tent(place, radius, count) : (-1, [])
      first.append(begin)
      weights += tent
      begins.append(weights.count)
      copies = copies && tent.count <= 1
    }
  }

  private static func tent(_ place: Double, _ radius: Double, _ count: Int) -> (Int, [Float]) {
    // Bounded before they are whole numbers: voxels of 10⁻³⁰ mm make a radius that no integer holds.
    let low = Int(max(0, (place - radius).rounded(.down)))
    let high = Int(min(Double(count - 1), (place + radius).rounded(.up)))
    let tent = (low...high).map { max(0, 1 - abs(Double($0) - place) / radius) }
    let sum = tent.reduce(0, +)
    let from = tent.firstIndex { $0 > 0 } ?? 0
    let to = tent.lastIndex { $0 > 0 } ?? 0
    return (low + from, tent[from...to].map { Float($0 / sum) })
  }
}

/// Scales a plane of `oldHeight × oldWidth` samples, first its rows, then its columns.
struct PlaneResampling: Sendable {
  let columns, rows: AxisWeights
  let oldWidth, oldHeight: Int
  var width: Int { columns.first.count }
  var height: Int { rows.first.count }

  /// `plane` has `oldHeight × oldWidth` values; new samples outside of it are `outside`.
  func callAsFunction(_ plane: [Float], outside: Float) -> [Float] {
    if columns.copies && rows.copies { return copied(plane, outside: outside) }
    let scaled = scaledRows(plane)  // oldHeight×width
    var result = [Float](repeating: outside, count: width * height)
    for y in 0..<height where rows.first[y] >= 0 {
      for x in 0..<width where columns.first[x] >= 0 { result[y * width + x] = 0 }
      for (i, w) in (rows.begins[y]..<rows.begins[y + 1]).enumerated() {
        let (weight, from) = (rows.weights[w], (rows.first[y] + i) * width)
        for x in 0..<width where columns.first[x] >= 0 {
          result[y &* width &+ x] += weight * scaled[from &+ x]
        }
      }
    }
    return result
  }

  /// The class of most weight at each new sample: the argmax of the resampled one-hot planes,
  /// `outside` where there is none. Of equal classes the lower one is taken.
  func classes(_ plane: [UInt8], outside: UInt8) -> [UInt8] {
    if columns.copies && rows.copies { return copied(plane, outside: outside) }
    var best = [Float](repeating: 0, count: width * height)
    var result = [UInt8](repeating: outside, count: width * height)
    var present = [Bool](repeating: false, count: 256)
    for label in plane { present[Int(label)] = true }
    for label in UInt8.min...UInt8.max where present[Int(label)] {
      let share = self(plane.map { $0 == label ? 1 : 0 }, outside: 0)
      for i in share.indices where share[i] > best[i] {
        best[i] = share[i]
        result[i] = label
      }
    }
    return result
  }

  private func scaledRows(_ plane: [Float]) -> [Float] {
    var result = [Float](repeating: 0, count: width * oldHeight)
    for y in 0..<oldHeight {
      let row = y * oldWidth
      for x in 0..<width where columns.first[x] >= 0 {
        var sum: Float = 0
        var at = row &+ columns.first[x]
        for w in columns.begins[x]..<columns.begins[x + 1] {
          sum += columns.weights[w] * plane[at]
          at &+= 1
        }
        result[y &* width &+ x] = sum
      }
    }
    return result
  }

  private func copied<Value>(_ plane: [Value], outside: Value) -> [Value] {
    var result = [Value](repeating: outside, count: width * height)
    for y in 0..<height where rows.first[y] >= 0 {
      let row = rows.first[y] * oldWidth
      for x in 0..<width where columns.first[x] >= 0 {
        result[y &* width &+ x] = plane[row &+ columns.first[x]]
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
