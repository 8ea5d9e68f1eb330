import Imaging

extension PhantomSeries {
  /// The volume that this kind of series holds, as a reader should give it; nil for kinds that are
  /// several volumes, or none.
  public func truth(seed: UInt64 = 1) -> Volume? {
    let recipe = recipe(seed: seed)
    let scans = (0..<times).map { Phantom.scan(recipe, patient: $0).volume }
    var volume = scans[0]
    volume.grid = recipe.grid(0)
    volume.bytes = scans.flatMap(\.bytes)
    volume.leading = times > 1 ? .time(times) : .none
    volume.scaling = scaling(depth: recipe.size.z)
    switch self {
    case .echoes, .phase, .missing, .uneven, .localizer, .enhancedEnergies: return nil
    case .tilt:
      volume.grid.affine.z += volume.grid.affine.y * 0.25
      return volume
    case .signed:
      let values = volume.integers() ?? []
      return Volume(grid: volume.grid, values: values.map { Int16($0 - 2048) })
    default: return volume
    }
  }

  private func scaling(depth: Int) -> Scaling {
    switch self {
    case .tilt, .enhancedCT: .uniform(slope: 1, intercept: -1024)
    case .enhanced, .enhancedFiles: .uniform(slope: 0.5, intercept: -10)
    case .enhancedPET:
      .perSlice(
        slope: (0..<depth).map { 0.5 + 0.25 * Double($0) },
        intercept: [Double](repeating: 0, count: depth))
    case .slopes:
      .perSlice(
        slope: (0..<depth).map { 1 + 0.25 * Double($0) },
        intercept: (0..<depth).map { Double($0) - 3 })
    default: .identity
    }
  }
}
