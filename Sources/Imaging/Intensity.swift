/// The value below which `fraction` (0…1) of the values lie, interpolated linearly between order
/// statistics as numpy's default does.
///
/// Values that are not finite are left out; an empty list gives 0.
public func percentile(_ values: [Float], _ fraction: Double) -> Float {
  percentiles(values, [fraction])[0]
}

/// Several percentiles from one sort.
public func percentiles(_ values: [Float], _ fractions: [Double]) -> [Float] {
  let sorted = values.filter(\.isFinite).sorted()
  guard !sorted.isEmpty else { return fractions.map { _ in 0 } }
  return fractions.map { fraction in
    let place = min(max(fraction, 0), 1) * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    let part = Float(place - Double(low))
    return sorted[low] * (1 - part) + sorted[high] * part
  }
}

/// Mean and standard deviation (of the population) in double precision.
public func meanAndDeviation(_ values: [Float]) -> (mean: Double, deviation: Double) {
  guard !values.isEmpty else { return (0, 0) }
  var sum = 0.0
  for value in values { sum += Double(value) }
  let mean = sum / Double(values.count)
  var squares = 0.0
  for value in values { squares += (Double(value) - mean) * (Double(value) - mean) }
  return (mean, (squares / Double(values.count)).squareRoot())
}
