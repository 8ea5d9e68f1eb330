import Foundation

/// A plot of lines with two axes, drawn as SVG.
public struct LinePlot: Sendable {
  /// One line and its name in the legend.
  public struct Line: Sendable {
    /// What the legend says.
    public var name: String
    /// The points, in the order they are joined.
    public var points: [(x: Double, y: Double)]

    /// Makes a line from its points.
    public init(_ name: String, _ points: [(x: Double, y: Double)]) {
      (self.name, self.points) = (name, points)
    }
  }

  /// Above the plot, below it, and beside it.
  public var title, xLabel, yLabel: String
  /// Whether y is drawn on a logarithmic scale; points with y ≤ 0 are then left out.
  public var logarithmic: Bool
  /// The lines, in the order of the legend.
  public var lines: [Line]

  private let left = 72.0
  private let right = 16.0
  private let top = 34.0
  private let bottom = 48.0

  /// Makes a plot.
  public init(
    _ title: String, x xLabel: String, y yLabel: String, logarithmic: Bool = false, _ lines: [Line]
  ) {
    (self.title, self.xLabel, self.yLabel) = (title, xLabel, yLabel)
    (self.logarithmic, self.lines) = (logarithmic, lines)
  }

  /// The plot as an SVG document of this size in pixels.
  public func svg(width: Double = 720, height: Double = 420) -> String {
    let shown = lines.map { line in
      line.points.filter { $0.x.isFinite && $0.y.isFinite && (!logarithmic || $0.y > 0) }
    }
    let x = Axis(shown.joined().map(\.x), from: left, to: width - right, logarithmic: false)
    let y = Axis(
      shown.joined().map(\.y), from: height - bottom, to: top, logarithmic: logarithmic)
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(short(width))" height="\(short(height))" \
      font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>
      """
    ]
    parts += x.ticks.map { tick in
      rule(x.place(tick), top, x.place(tick), height - bottom)
        + text(x.place(tick), height - bottom + 16, "middle", short(tick))
    }
    parts += y.ticks.map { tick in
      rule(left, y.place(tick), width - right, y.place(tick))
        + text(left - 6, y.place(tick) + 4, "end", short(tick))
    }
    parts += zip(shown.indices, shown).map { index, points in
      let path = points.map { "\(pixel(x.place($0.x))),\(pixel(y.place($0.y)))" }
      return """
        <polyline fill="none" stroke="\(stroke(index))" stroke-width="1.5" \
        points="\(path.joined(separator: " "))"/>
        """
    }
    parts += lines.enumerated().map { index, line in
      let at = top + 16 + 16 * Double(index)
      return text(width - right - 6, at, "end", line.name, fill: stroke(index))
    }
    parts.append(text(width / 2, 20, "middle", title))
    parts.append(text(width / 2, height - 10, "middle", xLabel))
    parts.append(
      "<g transform=\"translate(14 \(short(height / 2))) rotate(-90)\">"
        + text(0, 0, "middle", yLabel) + "</g>")
    return parts.joined(separator: "\n") + "\n</svg>\n"
  }

  private func stroke(_ index: Int) -> String {
    let dark = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#333333"]
    return dark[index % dark.count]
  }
}

/// From values to pixels along one axis, with ticks at round values.
struct Axis {
  let low, high, from, to: Double
  let logarithmic: Bool

  init(_ values: [Double], from: Double, to: Double, logarithmic: Bool) {
    var (low, high) = (values.min() ?? (logarithmic ? 1 : 0), values.max() ?? 1)
    if logarithmic {
      low = pow(10, log10(low).rounded(.down))
      high = pow(10, log10(high).rounded(.up))
      if low == high { high = low * 10 }
    } else if low == high {
      (low, high) = (low - 0.5, high + 0.5)
    }
    (self.low, self.high, self.from, self.to) = (low, high, from, to)
    self.logarithmic = logarithmic
  }

  func place(_ value: Double) -> Double {
    let part =
      logarithmic ? log10(value / low) / log10(high / low) : (value - low) / (high - low)
    return from + (to - from) * part
  }

  /// Powers of ten, or multiples of 1, 2 or 5 times a power of ten, eight at most.
  var ticks: [Double] {
    if logarithmic {
      let (first, last) = (Int(log10(low).rounded()), Int(log10(high).rounded()))
      let step = max(1, (last - first + 7) / 8)
      return stride(from: first, through: last, by: step).map { pow(10, Double($0)) }
    }
    let rough = (high - low) / 7
    let power = pow(10, log10(rough).rounded(.down))
    let step = power * ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10)
    return stride(from: (low / step).rounded(.up), through: (high / step + 1e-9), by: 1).map {
      $0 * step
    }
  }
}

private func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
  "<line x1=\"\(pixel(x1))\" y1=\"\(pixel(y1))\" x2=\"\(pixel(x2))\" y2=\"\(pixel(y2))\""
    + " stroke=\"#ddd\"/>"
}

private func text(
  _ x: Double, _ y: Double, _ anchor: String, _ words: String, fill: String = "#222"
) -> String {
  let safe = words.replacingOccurrences(of: "&", with: "&amp;")
    .replacingOccurrences(of: "<", with: "&lt;")
  return "<text x=\"\(pixel(x))\" y=\"\(pixel(y))\" text-anchor=\"\(anchor)\" fill=\"\(fill)\">"
    + "\(safe)</text>"
}

private func pixel(_ value: Double) -> String { String(format: "%.1f", value) }

private func short(_ value: Double) -> String { String(format: "%.6g", value) }
