/// Why a picture itself may show whose it is.
///
/// The signs are those of PS3.3 C.7.6.1.1.5 (Burned In Annotation) and C.8.6.1 (Conversion Type),
/// and of the classes and modalities whose devices paint text into the picture.
public enum BurnedInRisk: String, Sendable, CaseIterable {
  /// Burned In Annotation says YES.
  case declared
  /// A modality or class whose devices write into the picture: ultrasound, angiography,
  /// fluoroscopy, endoscopy, photographs.
  case device
  /// A screen, a film or a sheet of paper that was captured, or a report in pixels.
  case capture

  /// In words for a reason.
  var words: String {
    switch self {
    case .declared: "its header says that text is burned into the picture"
    case .device:
      "devices of its kind write names into the picture, and its header does not deny it"
    case .capture: "it is a captured screen or report, and its header does not deny burned-in text"
    }
  }
}

extension BurnedInRisk {
  /// The risk of an object; nil where Burned In Annotation says NO or nothing hints at one.
  init?(_ item: DICOMItem, sopClass: String) {
    switch item.text(Tag.burnedInAnnotation)?.uppercased() {
    case "YES": self = .declared
    case "NO": return nil
    default:
      let types = item.texts(Tag.imageType).map { $0.uppercased() }
      let conversion = item.text(Tag.conversionType)?.uppercased()
      if Self.isCapture(types) || conversion.map(Self.conversions.contains) ?? false
        || Self.isClass(sopClass, of: Self.captureClasses)
      {
        self = .capture
      } else if item.text(Tag.modality).map(Self.devices.contains) ?? false
        || Self.isClass(sopClass, of: Self.deviceClasses)
      {
        self = .device
      } else {
        return nil
      }
    }
  }

  /// DERIVED\SECONDARY alone is what reformatted CT calls itself; a word for a screen or a report
  /// must be there too.
  private static func isCapture(_ types: [String]) -> Bool {
    types.dropFirst(2).contains { type in captureWords.contains { type.holds($0) } }
  }

  private static func isClass(_ uid: String, of prefixes: [String]) -> Bool {
    let root = "1.2.840.10008.5.1.4.1.1."
    guard uid.hasPrefix(root) else { return false }
    let kind = uid.dropFirst(root.count)
    return prefixes.contains {
      kind == $0 || (kind.hasPrefix($0) && kind.dropFirst($0.count).first == ".")
    }
  }

  private static let devices: Set<String> = [
    "US", "IVUS", "XA", "RF", "ES", "XC", "GM", "SC", "OT", "DOC", "OP", "IO",
  ]
  /// Ultrasound, angiography, fluoroscopy, visible light.
  private static let deviceClasses = ["3", "6", "12", "77.1"]
  private static let captureClasses = ["7"]
  private static let captureWords = [
    "SCREEN", "CAPTURE", "REPORT", "SOM5 PROT", "DISPLAY", "DOSE", "SUMMARY", "PASTED",
  ]
  /// Digitised video, film or paper, a workstation, a drawing; not DI and SYN, which are pictures.
  private static let conversions: Set<String> = ["DV", "DF", "SD", "SI", "WSD", "DRW"]
}
