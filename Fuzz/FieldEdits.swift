import DICOM
import Foundation
import Phantom

/// Packed fields of a sound series, with some of their bytes changed: numbers that nobody counts
/// with, lengths that lie, pieces that are twice there or missing.
enum FieldEdits {
  static func series(_ program: inout Program) -> [UInt8] {
    var bytes = sound
    for _ in 0..<program.choice(24) where !bytes.isEmpty {
      let place = Int(program.number() >> 8) % bytes.count
      switch program.choice(6) {
      case 0: bytes[place] = program.byte()
      case 1: put(UInt64(program.byte()), &bytes, place)
      case 2: put(program.pick(numbers).bitPattern, &bytes, place)
      case 3: put(program.pick(counts), &bytes, place)
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + program.choice(64)))
      default:
        let piece = bytes[place..<min(bytes.count, place + 1 + program.choice(256))]
        bytes.insert(contentsOf: Array(piece), at: place)
      }
    }
    return bytes
  }

  private static func put<Number: FixedWidthInteger>(
    _ number: Number, _ bytes: inout [UInt8], _ place: Int
  ) {
    withUnsafeBytes(of: number.littleEndian) {
      for (offset, byte) in $0.enumerated() where place + offset < bytes.count {
        bytes[place + offset] = byte
      }
    }
  }

  private static let numbers: [Double] = [
    0, 1, -1, 0.5, .nan, .infinity, -.infinity, 1e15, 9.9e14, 1e308, 5e-300, -0.0, 1e-9,
  ]
  private static let counts: [UInt32] = [0, 1, 2, 3, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF]

  /// The headers of a mosaic, an enhanced file and a few slices, as one series.
  private static let sound: [UInt8] = {
    let folder = NSTemporaryDirectory() + "lamina-fuzz-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      try Phantom.writeSeries([.mosaic, .enhanced, .axial], into: folder)
      let files = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      var series = DICOMSeries.blank
      series.headers = try files.filter { $0.hasSuffix(".dcm") }.prefix(6).map {
        try DICOMFile.header(folder + "/" + $0)
      }
      return series.fieldBytes
    } catch {
      preconditionFailure("\(error)")
    }
  }()
}
