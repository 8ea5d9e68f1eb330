/// Encodings of DICOM files by their UIDs (PS3.6 table A-1).
public enum TransferSyntax {
  /// Implicit VR Little Endian
  public static let implicitLittleEndian = "1.2.840.10008.1.2"
  /// Explicit VR Little Endian
  public static let explicitLittleEndian = "1.2.840.10008.1.2.1"
  /// Deflated Explicit VR Little Endian
  public static let deflated = "1.2.840.10008.1.2.1.99"
  /// Explicit VR Big Endian
  public static let explicitBigEndian = "1.2.840.10008.1.2.2"
  /// RLE Lossless
  public static let rle = "1.2.840.10008.1.2.5"
  /// JPEG Lossless, Non-Hierarchical, First-Order Prediction
  public static let jpegLossless = "1.2.840.10008.1.2.4.70"
  /// JPEG-LS Lossless
  public static let jpegLSLossless = "1.2.840.10008.1.2.4.80"

  /// Whether pixel data in this encoding can be decoded here.
  ///
  /// The UID is the string of the meta header: DCMTK's own idea of it hides what it does not know.
  public static func isDecoded(_ uid: String) -> Bool { decoded.contains(uid) }

  /// The standard's name, "an unknown transfer syntax" for a UID that it does not have.
  public static func name(_ uid: String) -> String { names[uid] ?? "an unknown transfer syntax" }

  private static let decoded: Set<String> = Set(
    [
      "", ".1", ".1.99", ".2", ".5", ".4.50", ".4.51", ".4.53", ".4.55", ".4.57", ".4.70", ".4.80",
      ".4.81", ".4.90", ".4.91",
    ]
    .map { "1.2.840.10008.1.2" + $0 }
      + [".4.201", ".4.202", ".4.203", ".8.1"].map { "1.2.840.10008.1.2" + $0 })

  private static let names: [String: String] = [
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
    "1.2.840.10008.1.2.5": "RLE Lossless",
    "1.2.840.10008.1.2.4.50": "JPEG Baseline",
    "1.2.840.10008.1.2.4.51": "JPEG Extended",
    "1.2.840.10008.1.2.4.53": "JPEG Spectral Selection (retired)",
    "1.2.840.10008.1.2.4.55": "JPEG Full Progression (retired)",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless, process 14",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless SV1",
    "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS Near-Lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 Lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.92": "JPEG 2000 Multi-component Lossless",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 Multi-component",
    "1.2.840.10008.1.2.4.94": "JPIP Referenced",
    "1.2.840.10008.1.2.4.95": "JPIP Referenced Deflate",
    "1.2.840.10008.1.2.4.204": "JPIP HTJ2K Referenced",
    "1.2.840.10008.1.2.4.205": "JPIP HTJ2K Referenced Deflate",
    "1.2.840.10008.1.2.4.100": "MPEG2 Main Profile",
    "1.2.840.10008.1.2.4.101": "MPEG2 Main Profile, High Level",
    "1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264",
    "1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible",
    "1.2.840.10008.1.2.4.104": "MPEG-4 AVC/H.264, 2D video",
    "1.2.840.10008.1.2.4.105": "MPEG-4 AVC/H.264, 3D video",
    "1.2.840.10008.1.2.4.106": "MPEG-4 AVC/H.264, stereo",
    "1.2.840.10008.1.2.4.107": "HEVC/H.265 Main",
    "1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10",
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.4.201": "High-Throughput JPEG 2000 Lossless",
    "1.2.840.10008.1.2.4.202": "High-Throughput JPEG 2000 RPCL Lossless",
    "1.2.840.10008.1.2.4.203": "High-Throughput JPEG 2000",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "1.2.840.113619.5.2": "GE Private Implicit VR Big Endian",
  ]
}
