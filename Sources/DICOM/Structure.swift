import Imaging

/// One structure of a label object: a segment of a SEG, a region of interest of an RTSTRUCT.
public struct Structure: Sendable, Equatable {
  /// What says which structure it is.
  public struct Name: Codable, Sendable, Equatable {
    /// Its place in the file, from 1; a segment's own number.
    public var number: Int
    /// Segment Label or ROI Name: free text, for the ledger only.
    public var label: String
    /// The code of its kind: Segmented Property Type, or RT ROI Identification Code.
    public var code: Code?

    /// Names a structure.
    public init(number: Int, label: String, code: Code? = nil) {
      (self.number, self.label, self.code) = (number, label, code)
    }
  }

  /// A coded concept (PS3.3 table 8.8-1) with its side, where that is said.
  public struct Code: Codable, Sendable, Equatable {
    /// Coding Scheme Designator, such as SCT.
    public var scheme: String
    /// Code Value.
    public var value: String
    /// Code Meaning: what people read.
    public var meaning: String
    /// Code Meaning of the modifier, such as `Left`.
    public var modifier: String?

    /// Makes a concept.
    public init(scheme: String, value: String, meaning: String, modifier: String? = nil) {
      (self.scheme, self.value, self.meaning) = (scheme, value, meaning)
      self.modifier = modifier
    }
  }

  /// What says which structure it is.
  public var name: Name
  /// Where it is.
  public var mask: StructureMask
  /// Why there is nothing of it, when that is so.
  public var problem: String?

  /// Makes a structure.
  public init(name: Name, mask: StructureMask, problem: String? = nil) {
    (self.name, self.mask, self.problem) = (name, mask, problem)
  }
}

extension DICOMFile {
  /// Reads every structure of a SEG or an RTSTRUCT.
  ///
  /// They come on `grid`, that of the series they were drawn on; a SEG whose frames are no slices of
  /// it comes on the grid that its frames span. `threshold` is the least share of
  /// MaximumFractionalValue that counts as inside. A structure that is not to be had carries the
  /// reason in ``Structure/problem``; throws ``DICOMError`` when nothing is to be had.
  public func structures(on grid: Grid, threshold: Double) throws(DICOMError) -> [Structure] {
    let sopClass = root.text(Tag.sopClassUID) ?? ""
    switch labelObject(root, sopClass: sopClass)?.kind {
    case .segmentation: return try segments(on: grid, threshold: threshold)
    case .structureSet: return try regionsOfInterest(on: grid)
    case nil:
      throw .unsupported(path: path, reason: "neither a segmentation nor a structure set")
    }
  }
}

extension Structure.Code {
  /// The code of a code sequence's first item, with the first item of its modifiers.
  init?(_ item: DICOMItem?, modifiers: [DICOMItem] = []) {
    guard let item, let meaning = item.text(Tag.codeMeaning) else { return nil }
    func cut(_ text: String?) -> String { String((text ?? "").prefix(64)) }
    self.init(
      scheme: cut(item.text(Tag.codingScheme)), value: cut(item.text(Tag.codeValue)),
      meaning: cut(meaning), modifier: modifiers.first?.text(Tag.codeMeaning).map { cut($0) })
  }
}
