import Imaging
import SliceStore

/// A volume laid out as slices, each made when it is asked for.
public struct PreparedVolume: Sendable {
  /// Where the slices lie.
  public let geometry: SliceGeometry
  /// How each channel was normalised.
  public let intensity: [ChannelIntensity]
  private let volume: Volume
  private let mask: LabelMap?
  private let leads: [Int]
  private let recipe: PrepareRecipe
  private let forwards: PlaneResampling

  /// Lays out a volume on a canvas of `[rows, columns]`.
  ///
  /// `timePoint` counts where the leading axis is time; channels are those of the recipe. Throws
  /// ``PrepareError`` for a recipe that makes no sense, channels that are not there, and a mask
  /// that lies on another grid or has a class beyond 254. `name` is what errors call the volume.
  public init(
    _ volume: Volume, label: LabelMap? = nil, modality: String, recipe: PrepareRecipe,
    canvas: [Int], timePoint: Int = 0, name: String = ""
  ) throws(PrepareError) {
    geometry = try SliceGeometry(source: volume.grid, recipe: recipe, canvas: canvas)
    leads = try Self.leads(volume, recipe: recipe, timePoint: timePoint, name: name)
    mask = try label.map { mask throws(PrepareError) in
      guard let aligned = mask.aligned(to: volume.grid) else { throw .labelGrid(volume: name) }
      if let large = aligned.labels.max(), large > 254 {
        throw .classTooLarge(volume: name, label: Int(large))
      }
      return aligned
    }
    var intensity = [ChannelIntensity]()
    for lead in leads {
      let needed = recipe.intensity.kind(for: modality) == .percentile
      intensity.append(
        ChannelIntensity(
          needed ? volume.measured(lead: lead, geometry) : [], modality: modality,
          recipe: recipe.intensity))
    }
    self.intensity = intensity
    (self.volume, self.recipe, forwards) = (volume, recipe, geometry.forwards)
  }

  /// How many slices there are.
  public var sliceCount: Int { geometry.sliceCount }
  /// How many channels a slice has.
  public var channels: Int { leads.count }
  /// Whether there is a mask.
  public var hasLabel: Bool { mask != nil }

  /// Normalised values of slice `k`: `C×H×W`.
  public func values(slice k: Int) -> [Float] {
    var result = [Float]()
    result.reserveCapacity(channels * geometry.canvas.sliceCount)
    for (lead, normalise) in zip(leads, intensity) {
      let plane = volume.slice(k, lead: lead, geometry).map { normalise($0) }
      let outside = recipe.pad == .zero ? 0 : normalise.darkest
      result += forwards(plane, outside: outside)
    }
    return result  // C×H×W
  }

  /// Slice `k` in 16 bits, `C×H×W`: value = stored × `scaleFactor` + `addOffset` of the recipe.
  /// What 16 bits cannot hold is clamped.
  public func image(slice k: Int) -> [Int16] {
    let (scale, offset) = (Float(recipe.scaleFactor), Float(recipe.addOffset))
    return values(slice: k).map { value in
      Int16(min(max(((value - offset) / scale).rounded(), -32_768), 32_767))
    }
  }

  /// Classes of slice `k`, `H×W`, background around it; nil without a mask.
  public func label(slice k: Int) -> [UInt8]? {
    guard let mask else { return nil }
    let plane = SliceWalk(k, geometry).gather(mask.labels).map { UInt8(truncatingIfNeeded: $0) }
    return forwards.classes(plane, outside: 0)
  }

  private static func leads(
    _ volume: Volume, recipe: PrepareRecipe, timePoint: Int, name: String
  ) throws(PrepareError) -> [Int] {
    let wanted: [Int]
    switch volume.leading {
    case .none: wanted = recipe.channels ?? [0]
    case .time: wanted = [timePoint]
    case .channel(let count): wanted = recipe.channels ?? Array(0..<count)
    }
    for lead in wanted where lead < 0 || lead >= volume.leading.count {
      throw .noSuchChannel(volume: name, channel: lead, count: volume.leading.count)
    }
    return wanted
  }
}
