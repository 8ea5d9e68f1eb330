import DICOM
import Imaging

extension Phantom {
  /// Writes one small series of every kind, `folder/<kind>/*.dcm`, to compare readers by.
  public static func writeSeries(
    _ kinds: [PhantomSeries] = PhantomSeries.allCases, seed: UInt64 = 1, into folder: String,
    onSeries: (Int) -> Void = { _ in }
  ) throws(PhantomError) {
    for (number, kind) in kinds.enumerated() {
      let recipe = kind.recipe(seed: seed)
      let place = PhantomSeries.allCases.firstIndex(of: kind) ?? 0
      let identity = PhantomIdentity(seed: seed, patient: 20_000 + place)
      let path = folder + "/" + kind.rawValue
      try makeFolder(path)
      do throws(DICOMError) {
        switch kind {
        case .mosaic, .mosaicAxial, .mosaicSagittal, .mosaicCoronal, .mosaicReversed:
          try writeMosaic(kind, recipe, identity, into: path)
        case .enhanced, .enhancedFiles, .enhancedCT, .enhancedPET, .enhancedXA, .enhancedEnergies:
          try writeEnhanced(kind, recipe, identity, into: path)
        default: try write(kind.images(recipe), identity, kind.transferSyntax, into: path)
        }
      } catch {
        throw .dicom(error)
      }
      onSeries(number)
    }
  }

  /// Writes images as classic files.
  static func write(
    _ images: [PhantomImage], _ identity: PhantomIdentity, _ transferSyntax: String,
    into folder: String
  ) throws(DICOMError) {
    for image in images {
      let writer = DICOMWriter()
      try describe(writer.root, identity, number: image.number)
      try place(writer.root, image.grid, at: image.position)
      try image.change(writer.root)
      try writer.putPixels(image.pixels, bits: 16)
      let digits = String(image.number)
      let name = "IM" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ".dcm"
      try writer.write(to: folder + "/" + name, transferSyntax: transferSyntax)
    }
  }
}
