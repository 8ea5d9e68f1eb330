import Loader
import NN
import Spectra
import Torch

/// How many dimensions an encoder's features use, at three taps, with and without whitening.
public struct SpectrumReport: Codable, Sendable, Equatable {
  /// What was looked at, in the order of the network.
  public var taps: [TapSpectra]
  /// Slices that were embedded.
  public var slices: Int
  /// Volumes that they are of.
  public var volumes: Int

  /// The finding in words, of what the projector sees: the pooled features, whitened where they are.
  public var verdict: String {
    "pooled features " + (pooled?.spectra.all.verdict ?? "not looked at")
  }

  /// What the projector sees.
  private var pooled: TapSpectra? { taps.last { $0.tap == .pooled } }

  /// What each tap scores, `pooled` and `pooled.whitened` apart, for the log.
  public var ranks: [String: TapRanks] {
    Dictionary(uniqueKeysWithValues: taps.map { ($0.name, TapRanks($0.spectra)) })
  }

  /// The largest singular values of what the projector sees, relative to the first of them.
  public var leadingValues: String {
    let values = (pooled?.spectra.all.singularValues ?? []).prefix(12)
    guard let first = values.first, first > 0 else { return "" }
    return values.map { String(format: "%.3g", $0 / first) }.joined(separator: " ")
  }

  /// A table: one row a tap and a kind of sample.
  public var rows: [[String]] {
    taps.flatMap { tap in
      [("all", tap.spectra.all), ("across", tap.spectra.across), ("within", tap.spectra.within)]
        .compactMap { kind, spectrum in spectrum.map { [tap.name, kind] + $0.row } }
    }
  }

  /// What the columns of ``rows`` are.
  public static let columns = ["tap", "samples"] + Spectrum.columns
}

/// The spectra of one tap.
public struct TapSpectra: Codable, Sendable, Equatable {
  /// Where features are taken.
  public var tap: Tap
  /// Whether they have passed the whitening.
  public var isWhitened: Bool
  /// Over all slices, across volumes, within volumes.
  public var spectra: VolumeSpectra

  /// `pooled` or `pooled.whitened`.
  public var name: String { tap.rawValue + (isWhitened ? ".whitened" : "") }

  /// Where features are taken.
  public enum Tap: String, Codable, Sendable, CaseIterable {
    /// Pixels of the encoder's last map.
    case lastMap
    /// The mean over the map, which the projector sees.
    case pooled
    /// What is compared: of length 1 where that is what the method compares; none where nothing is.
    case projected
  }
}

/// Spectra of a run's query encoder on whole slices, in evaluation mode.
///
/// - Parameters:
///   - run: a run folder (its newest checkpoint), or a checkpoint.
///   - source: the slices, prepared as those it learned from.
///   - slices: which of them, as ordinals of the source.
///   - limit: at most so many are embedded, evenly spread.
///   - device: where to compute.
///   - threads: of LibTorch, 0 for one a core; those of the run where it is not said.
/// - Throws: ``PretrainError``, the loader's, LibTorch's and ``SpectraError``.
public func spectrum(
  run: String, _ source: any SliceSource, slices: SliceSelection, limit: Int = 4096,
  device: Device = .cpu, threads: Int? = nil
) throws -> SpectrumReport {
  try LibTorch.load()
  let path = run.hasSuffix(".safetensors") ? run : try RunFolder(run).newestCheckpoint()
  let archive = try SafeTensors(reading: path)
  let header = try CheckpointHeader(archive.metadata, path: path)
  guard header.architecture.inputChannels == source.channels else {
    throw PretrainError.checkpoint(
      path: path,
      problem:
        "its encoder sees \(header.architecture.inputChannels) channels, the slices have \(source.channels)"
    )
  }
  LibTorch.use(threads: threads ?? header.recipe.threads)
  let method = try header.recipe.objective(channels: source.channels, device: device)
  do {
    try method.backbone.store.load(archive.tensors, prefix: "query.")
  } catch {
    throw PretrainError.checkpoint(path: path, problem: "\(error)")
  }
  return try spectrum(of: method, source, slices: slices, limit: limit)
}

/// Spectra of a method's features on whole slices; see ``spectrum(run:_:slices:limit:device:threads:)``.
func spectrum(
  of method: any Objective, _ source: any SliceSource, slices: SliceSelection, limit: Int
) throws -> SpectrumReport {
  let count = min(limit, slices.count)
  let chosen = source.selection(of: (0..<count).map { slices[$0 * slices.count / count] })
  var batches = VolumeBatches(source, slices: chosen, batchSize: min(64, count))
  var samples = TapSamples(pixels: max(1, 8192 / max(1, count)))
  while let batch = try batches.next() {
    let images = try Tensor(
      batch.images, [batch.count, batch.channels, batch.height, batch.width],
      device: method.backbone.store.device)
    let found = try withoutGradients {
      try method.embed(images.contiguous(method.backbone.store.format))
    }
    try samples.add(
      found.features, found.projected, volumes: batch.volumes,
      isWhitened: method.backbone.isWhitened)
  }
  return SpectrumReport(
    taps: try samples.spectra(), slices: count, volumes: chosen.volumes.count)
}

/// Features that are gathered tap by tap, in host memory.
private struct TapSamples {
  /// Pixels of a slice's map that count.
  let pixels: Int
  private var features: [(tap: TapSpectra.Tap, whitened: Bool, values: [Float], width: Int)] = []
  private var volumes: [Int32] = []
  private var pixelVolumes: [Int32] = []

  init(pixels: Int) { self.pixels = pixels }

  mutating func add(
    _ found: Features, _ projected: Tensor?, volumes own: [Int32], isWhitened: Bool
  ) throws {
    let maps = isWhitened ? [found.lastMap, found.whitenedMap] : [found.lastMap]
    let raw = found.lastMap.globallyPooled()
    let pooled = isWhitened ? [raw, found.pooled] : [found.pooled]
    try append(.lastMap, maps.map { try picked(from: $0, first: volumes.count) })
    try append(.pooled, pooled)
    if let projected { try append(.projected, [projected]) }
    volumes += own
    let taken = min(pixels, found.lastMap.shape[2] * found.lastMap.shape[3])
    pixelVolumes += own.flatMap { Array(repeating: $0, count: taken) }
  }

  /// Some pixels of each map, (B·P)×C: evenly spread, begun one further on in every slice, so that no
  /// place in the image counts more than another.
  private func picked(from map: Tensor, first: Int) throws -> Tensor {
    let (batch, width) = (map.shape[0], map.shape[1])
    let area = map.shape[2] * map.shape[3]
    let taken = min(pixels, area)
    let places = (0..<batch * taken).map { at in
      Int64((at % taken * area / taken + first + at / taken) % area)
    }
    let index = try Tensor(places, [batch, taken, 1], device: map.device)
    let flat = map.permuted([0, 2, 3, 1]).reshaped([batch, area, width])
    return flat.gathered(axis: 1, index.expanded([batch, taken, width])).reshaped([-1, width])
  }

  /// Adds one tap's features: without whitening and, where there are two, with it.
  private mutating func append(_ tap: TapSpectra.Tap, _ versions: [Tensor]) throws {
    for (place, version) in versions.enumerated() {
      let (values, width, whitened) = (try version.floats(), version.shape[1], place == 1)
      guard values.allSatisfy(\.isFinite) else { throw PretrainError.diverged }
      if let at = features.firstIndex(where: { $0.tap == tap && $0.whitened == whitened }) {
        features[at].values += values
      } else {
        features.append((tap, whitened, values, width))
      }
    }
  }

  func spectra() throws -> [TapSpectra] {
    try features.map { entry in
      TapSpectra(
        tap: entry.tap, isWhitened: entry.whitened,
        spectra: try VolumeSpectra(
          entry.values, volumes: entry.tap == .lastMap ? pixelVolumes : volumes,
          dimensions: entry.width))
    }
  }
}
