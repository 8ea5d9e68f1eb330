import DICOM
import Imaging
import NIfTI

/// A file whose header is wanted.
package struct ScanItem: FieldPacked, Equatable {
  package enum Kind: String { case dicom, nifti }

  package var path: String
  package var kind: Kind
  /// The voxels' file of a pair.
  package var partner: String?
  /// Whether the pixel bytes of a DICOM file are read for their digest.
  package var withPixels = true

  package init(path: String, kind: Kind, partner: String?) {
    (self.path, self.kind, self.partner) = (path, kind, partner)
  }

  package static let blank = ScanItem(path: "", kind: .dicom, partner: nil)

  package mutating func pass(_ fields: inout FieldStream) {
    fields.pass(&path)
    fields.pass(&kind)
    fields.pass(&partner)
    fields.pass(&withPixels)
  }
}

/// What the parent asks of a worker.
package enum WorkerRequest: Codable {
  /// Headers: one ``ScanAnswer`` for each item, in order.
  case scan([ScanItem], WorkerLimits)
  /// A series whose slices are asked for next; no answer.
  case dicom(DICOMSeries, WorkerLimits)
  /// Slices `lead × depth + z` of that series decoded into the shared memory: a ``SlicesAnswer``.
  case slices(first: Int, count: Int)
  /// The pixels of one DICOM file decoded into the shared memory, also where the file does not say
  /// where they lie: samples as channels, frames along z.
  case pixels(path: String, WorkerLimits)
  /// A NIfTI file read into the shared memory.
  case nifti(path: String, channels: Bool, WorkerLimits)
  /// An archive unpacked into a folder: ``UnpackAnswer``s, the last of them `done` or `refused`.
  case unpack(String, into: String, WorkerLimits)
  /// The structures of a SEG or an RTSTRUCT: a ``StructureAnswer``.
  case structures(StructureRequest, WorkerLimits)
}

/// What a header says.
package enum ScanAnswer: Codable, Equatable {
  case dicom(DICOMHeader)
  case nifti(NIfTISummary)
  case refused(Fault)
}

/// A NIfTI file without its voxels.
package struct NIfTISummary: Codable, Equatable {
  /// SHA-256 of the file's bytes, and of its partner's, in hexadecimal.
  package var digest: String
  package var grid: Grid
  package var fourth: Int

  package init(digest: String, grid: Grid, fourth: Int) {
    (self.digest, self.grid, self.fourth) = (digest, grid, fourth)
  }
}

/// What became of slices.
enum SlicesAnswer: Codable {
  /// They lie in the shared memory from ``start`` on.
  case decoded
  case refused(Fault)

  /// Where slices begin in the shared memory. Before them the worker keeps the number of the file
  /// that it is at.
  static let start = 4096
}

/// What became of a NIfTI file.
enum VolumeAnswer: Codable {
  case volume(VolumeDescription)
  case refused(Fault)
}

/// What lies in the shared memory.
struct VolumeDescription: Codable {
  var grid: Grid
  var leading: LeadingAxis
  var type: VoxelType
  var scaling: Scaling
  var flags: [String] = []
  /// A cleaned header, base64.
  var niftiHeader: String?
  /// Seconds between points in time.
  var timeStep: Double?

  /// Bytes of the voxels, or nil when the description cannot be right.
  func byteCount(limit: Int) -> Int? {
    var count = type.size
    for factor in [leading.count, grid.size.x, grid.size.y, grid.size.z] {
      guard factor > 0, factor <= 1 << 24 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: factor)
      guard !overflow, product <= limit else { return nil }
      count = product
    }
    guard grid.affine.isRegular, scaling.fits(slices: leading.count * grid.size.z),
      flags.count <= 64, flags.allSatisfy(isWord), timeStep?.isFinite ?? true
    else { return nil }
    return count
  }
}

extension Scaling {
  /// Whether every number is finite and there is one pair a slice where there are several.
  func fits(slices: Int) -> Bool {
    switch self {
    case .identity: true
    case .uniform(let slope, let intercept): slope.isFinite && intercept.isFinite
    case .perSlice(let slopes, let intercepts):
      slopes.count == slices && intercepts.count == slices
        && slopes.allSatisfy(\.isFinite) && intercepts.allSatisfy(\.isFinite)
    }
  }
}

extension NIfTISummary {
  /// Whether a worker may have said this of a sound file.
  var isPlausible: Bool {
    let size = grid.size
    return digest.utf8.count == 64 && grid.affine.isRegular && fourth > 0 && fourth <= 1 << 24
      && [size.x, size.y, size.z].allSatisfy { $0 > 0 && $0 <= 1 << 24 }
      && size.x.multipliedReportingOverflow(by: size.y &* size.z).overflow == false
  }
}

extension DICOMHeader {
  /// Whether a worker may have said this of the file at `path`: numbers that grouping multiplies,
  /// converts or uses as indices are within the bounds that it relies on.
  package func isPlausible(path: String) -> Bool {
    guard identity.path == path, planes.count <= 65_536 else { return false }
    let isSheet = tiling.map { (1...64).contains($0.x) && (1...64).contains($0.y) }
    guard isSheet ?? true else { return false }
    guard labelObject?.isPlausible ?? true else { return false }
    guard uptakeFactor.map({ $0 > 0 && $0 < 1e6 }) ?? true else { return false }
    guard acquisition.isAllowed,
      [pixelDigest, headerDigest ?? ""].allSatisfy({ $0.isEmpty || isWord($0) })
    else { return false }
    if let pixels {
      guard pixels.isPlausible else { return false }
      if let tiling {
        guard pixels.rows % tiling.y == 0, pixels.columns % tiling.x == 0,
          planes.count <= tiling.x * tiling.y
        else { return false }
      } else {
        guard planes.count <= pixels.frames else { return false }
      }
    } else {
      guard planes.isEmpty else { return false }
    }
    return planes.allSatisfy { $0.isPlausible && planes.indices.contains($0.index) }
  }
}

extension PixelFormat {
  fileprivate var isPlausible: Bool {
    (1...65_535).contains(rows) && (1...65_535).contains(columns) && (1...65_536).contains(frames)
      && [1, 8, 16, 32, 64].contains(bitsAllocated) && [1, 3].contains(samples)
      && (1...bitsAllocated).contains(bitsStored)
      && (bitsStored - 1..<bitsAllocated).contains(highBit) && photometric.utf8.count <= 16
      && lookup.map { (1...16).contains($0.bits) && isWord($0.digest) } ?? true
  }
}

extension DICOMHeader.Plane {
  fileprivate var isPlausible: Bool {
    func fits(_ number: Double?) -> Bool { number.map { abs($0) < 1e15 } ?? true }
    func fit(_ vector: SIMD3<Double>) -> Bool { fits(vector.x) && fits(vector.y) && fits(vector.z) }
    return fit(position) && fit(right) && fit(down) && fits(spacing.x) && fits(spacing.y)
      && spacing.x > 0 && spacing.y > 0 && fits(slope) && fits(intercept) && fits(scaleSlope)
      && fits(echoTime) && fits(time.position) && fits(time.trigger) && fits(time.acquisition)
      && fits(time.bValue) && fits(kVp) && (kernel?.utf8.count ?? 0) <= 64
      && (time.indices ?? []).allSatisfy { fits($0) }
  }
}

/// Letters, digits and what joins them: no room for a sentence, a path or a name with a blank.
func isWord(_ text: String) -> Bool {
  (1...64).contains(text.utf8.count)
    && text.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        || [43, 45, 46, 61, 95].contains($0)
    }
}
