extension DICOMFile {
  /// What a classic file shows of the complex signal: Complex Image Component where it has one, else
  /// what GE says in private.
  func classicComponent(_ item: DICOMItem) -> DICOMHeader.Component? {
    if let word = item.text(Tag.complexImageComponent),
      let component = DICOMHeader.Component(rawValue: word.lowercased())
    {
      return component
    }
    return fieldMapGE(item) ?? componentGE(item)
  }

  /// GE's image type (0043,102F): 0 magnitude, 1 phase, 2 real, 3 imaginary.
  private func componentGE(_ item: DICOMItem) -> DICOMHeader.Component? {
    let tag = item.privateTag(0x43, creator: "GEMS_PARM_01", element: 0x2F)
    let all: [Double: DICOMHeader.Component] = [0: .magnitude, 1: .phase, 2: .real, 3: .imaginary]
    return tag.flatMap { item.privateNumber($0, width: 2) }.flatMap { all[$0] }
  }

  /// GE's sequence B0map (0019,109E) writes one volume of the field in Hz and one of magnitudes; only
  /// the instance number against the locations of a volume (0021,104F) tells which is which.
  private func fieldMapGE(_ item: DICOMItem) -> DICOMHeader.Component? {
    guard let name = item.privateTag(0x19, creator: "GEMS_ACQU_01", element: 0x9E),
      item.text(name) == "B0map",
      let places = item.privateTag(0x21, creator: "GEMS_RELA_01", element: 0x4F)
        .flatMap({ item.privateNumber($0, width: 2) }),
      let instance = item.number(Tag.instanceNumber)
    else { return nil }
    return instance <= places ? .fieldmap : .magnitude
  }

  /// Words more of the image type, from what vendors say in private.
  func privateType(_ item: DICOMItem) -> [String] { isotropic(item) + collapse(item) }

  /// GE's flag (0043,1030) of 1 or 2: magnitudes beside a field map, collapsed images beside slices.
  /// Above that it counts diffusion directions, which belong together.
  private func collapse(_ item: DICOMItem) -> [String] {
    let tag = item.privateTag(0x43, creator: "GEMS_PARM_01", element: 0x30)
    guard let flag = tag.flatMap({ item.privateNumber($0, width: 2) }), flag == 1 || flag == 2
    else {
      return []
    }
    return ["COLLAPSE\(Int(flag))"]
  }

  /// A word more of the image type for what Philips' scanners compute from a diffusion series and
  /// write into it: an image of all directions at a b-value (2001,1003) above 0.
  func isotropic(_ item: DICOMItem) -> [String] {
    let creator = "Philips Imaging DD 001"
    guard let direction = item.privateTag(0x2001, creator: creator, element: 0x04),
      item.text(direction) == "I",
      let value = item.privateTag(0x2001, creator: creator, element: 0x03),
      item.privateNumber(value, width: 4) ?? 0 > 0
    else { return [] }
    return [Self.isotropicWord]
  }

  static let isotropicWord = "ISOTROPIC"
}
