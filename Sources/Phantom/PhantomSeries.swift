import DICOM
import Imaging

/// Kinds of series that a scanner may write, each with what makes it hard to read.
public enum PhantomSeries: String, CaseIterable, Sendable, Codable {
  case axial, sagittal, coronal, oblique, decubitus
  case feetFirst = "feet-first"
  /// Instance numbers against the geometry.
  case reversed
  /// Two echoes.
  case echoes
  /// Magnitude and phase, the phase with a slope.
  case phase
  /// Three points in time, volume by volume, with temporal positions.
  case time
  /// Three points in time, slice by slice, with trigger times.
  case cine
  /// CT with a tilted gantry.
  case tilt
  /// Siemens' mosaic, two points in time, oblique and in the planes of the body.
  case mosaic
  case mosaicAxial = "mosaic-axial"
  case mosaicSagittal = "mosaic-sagittal"
  case mosaicCoronal = "mosaic-coronal"
  /// A mosaic whose slices run against rows × columns.
  case mosaicReversed = "mosaic-reversed"
  /// One multi-frame file with two points in time, its frames in no order.
  case enhanced
  /// A multi-frame file for each of two points in time.
  case enhancedFiles = "enhanced-files"
  /// Multi-frame CT: tube voltage, kernel and HU in the shared groups.
  case enhancedCT = "enhanced-ct"
  /// Multi-frame PET: a slope for each frame.
  case enhancedPET = "enhanced-pet"
  /// A volume of angiography (X-Ray 3D), declared free of burned-in text.
  case enhancedXA = "enhanced-xa"
  /// 12 bits with a sign and rubbish above them.
  case signed
  /// A slice is missing.
  case missing
  /// One gap is wider than the others.
  case uneven
  /// Slope and intercept of each slice are its own.
  case slopes
  /// Three slices in each of three directions.
  case localizer
  case implicit
  case bigEndian = "big-endian"
  case deflated, rle
  case jpegLossless = "jpeg-lossless"
  case jpegLS = "jpeg-ls"
  /// Multi-frame CT at two tube voltages, each with its kernel, which only the frames say.
  case enhancedEnergies = "enhanced-energies"

  var transferSyntax: String {
    switch self {
    case .implicit: TransferSyntax.implicitLittleEndian
    case .bigEndian: "1.2.840.10008.1.2.2"
    case .deflated: "1.2.840.10008.1.2.1.99"
    case .rle: TransferSyntax.rle
    case .jpegLossless: TransferSyntax.jpegLossless
    case .jpegLS: TransferSyntax.jpegLSLossless
    default: TransferSyntax.explicitLittleEndian
    }
  }

  var plane: PhantomPlane {
    switch self {
    case .sagittal: .sagittal
    case .coronal: .coronal
    case .mosaicSagittal: .sagittal
    case .mosaicCoronal: .coronal
    case .oblique, .mosaic, .mosaicReversed: .oblique
    case .enhanced, .enhancedFiles, .enhancedCT, .enhancedPET, .enhancedXA, .enhancedEnergies:
      .oblique
    case .decubitus: .decubitus
    case .feetFirst: .feetFirst
    default: .axial
    }
  }
}

extension PhantomSeries {
  /// A small scan in the plane of the kind.
  func recipe(seed: UInt64) -> PhantomRecipe {
    var recipe = PhantomRecipe(patients: 1, seed: seed)
    (recipe.size, recipe.pixelSpacing, recipe.sliceSpacing) = (SIMD3(24, 20, 8), 6, 8)
    recipe.planes = [plane]
    return recipe
  }

  /// Points in time of a volume.
  public var times: Int {
    switch self {
    case .time, .cine: 3
    case .mosaic, .mosaicAxial, .mosaicSagittal, .mosaicCoronal, .mosaicReversed: 2
    case .enhanced, .enhancedFiles: 2
    default: 1
    }
  }

  var object: EnhancedObject {
    switch self {
    case .enhancedCT: .ct
    case .enhancedPET: .pet
    case .enhancedXA: .xa
    case .enhancedEnergies: .energies
    default: .mr
    }
  }
}

/// One image of a series: pixels, where they lie, and what its header says beside.
struct PhantomImage {
  var grid: Grid
  /// The centre of the first pixel.
  var position: SIMD3<Double>
  var pixels: [UInt8]
  /// Instance Number.
  var number: Int
  var change: (DICOMWriter.Item) throws(DICOMError) -> Void = { _ in }
}

extension PhantomSeries {
  /// The images of this kind of series, in the order in which they are written.
  func images(_ recipe: PhantomRecipe) -> [PhantomImage] {
    switch self {
    case .echoes, .phase, .time, .cine: repeated(recipe)
    case .localizer: directions(recipe)
    default: single(recipe)
    }
  }

  private func single(_ recipe: PhantomRecipe) -> [PhantomImage] {
    var images = slices(Phantom.scan(recipe, patient: 0).volume)
    switch self {
    case .reversed: for z in images.indices { images[z].number = images.count - z }
    case .missing: images.remove(at: images.count / 2)
    case .uneven:
      let shift = images[0].grid.affine.z * 0.4
      for z in images.indices where z > images.count / 2 { images[z].position += shift }
    case .slopes:
      for z in images.indices {
        images[z].change = { item throws(DICOMError) in
          try item.put(0x0028_1052, decimals: [Double(z) - 3])
          try item.put(0x0028_1053, decimals: [1 + 0.25 * Double(z)])
        }
      }
    case .tilt: tilt(&images)
    case .signed: sign(&images)
    case .decubitus, .feetFirst:
      for z in images.indices {
        images[z].change = { item throws(DICOMError) in
          try item.put(0x0018_5100, "CS", self == .decubitus ? "HFDL" : "FFS")
        }
      }
    default: break
    }
    return images
  }

  /// Values from −2048 on in 12 bits, and other bits above them.
  private func sign(_ images: inout [PhantomImage]) {
    for z in images.indices {
      for pixel in stride(from: 0, to: images[z].pixels.count, by: 2) {
        images[z].pixels[pixel + 1] =
          (images[z].pixels[pixel + 1] ^ 0x08) & 0x0F | UInt8(pixel / 2 % 16) << 4
      }
      images[z].change = { item throws(DICOMError) in
        try item.put(0x0028_0103, "US", numbers: [1])
      }
    }
  }

  private func tilt(_ images: inout [PhantomImage]) {
    for z in images.indices {
      images[z].position += images[z].grid.affine.y * (0.25 * Double(z))
      images[z].change = { item throws(DICOMError) in
        try item.put(0x0008_0016, "UI", "1.2.840.10008.5.1.4.1.1.2")
        try item.put(0x0008_0060, "CS", "CT")
        try item.put(0x0018_0060, "DS", "120")
        try item.put(0x0018_1120, "DS", "9.46")
        try item.put(0x0028_1052, "DS", "-1024")
        try item.put(0x0028_1053, "DS", "1")
      }
    }
  }

  /// Volumes of two or three kinds or points in time in one series.
  private func repeated(_ recipe: PhantomRecipe) -> [PhantomImage] {
    let count = max(2, times)
    var images: [PhantomImage] = []
    for lead in 0..<count {
      let volume = Phantom.scan(recipe, patient: lead).volume.placed(on: recipe.grid(0))
      for (z, image) in slices(volume).enumerated() {
        var image = image
        image.number = self == .cine ? z * count + lead + 1 : lead * volume.grid.size.z + z + 1
        image.change = { item throws(DICOMError) in try describe(lead, item) }
        images.append(image)
      }
    }
    return images
  }

  private func describe(_ lead: Int, _ item: DICOMWriter.Item) throws(DICOMError) {
    switch self {
    case .echoes:
      try item.put(0x0018_0081, "DS", lead == 0 ? "4.92" : "7.38")
      try item.put(0x0018_0086, "IS", "\(lead + 1)")
    case .phase where lead == 1:
      try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\P\\ND")
      try item.put(0x0028_1052, "DS", "-4096")
      try item.put(0x0028_1053, "DS", "2")
    case .time:
      try item.put(0x0008_0032, "TM", "10150\(lead * 3)")
      try item.put(0x0020_0100, "IS", "\(lead + 1)")
    case .cine: try item.put(0x0018_1060, "DS", "\(40 * lead)")
    default: break
    }
  }

  private func directions(_ recipe: PhantomRecipe) -> [PhantomImage] {
    var images: [PhantomImage] = []
    for plane in [PhantomPlane.axial, .sagittal, .coronal] {
      var one = recipe
      one.planes = [plane]
      one.size.z = 3
      for image in slices(Phantom.scan(one, patient: 0).volume) {
        var image = image
        image.number = images.count + 1
        image.change = { item throws(DICOMError) in
          try item.put(0x0008_0008, "CS", "ORIGINAL\\PRIMARY\\LOCALIZER\\M")
        }
        images.append(image)
      }
    }
    return images
  }

  func slices(_ volume: Volume) -> [PhantomImage] {
    let size = volume.grid.sliceCount * volume.type.size
    return (0..<volume.grid.size.z).map { z in
      PhantomImage(
        grid: volume.grid, position: volume.grid.affine(SIMD3(0, 0, Double(z))),
        pixels: Array(volume.bytes[z * size..<(z + 1) * size]), number: z + 1)
    }
  }
}

extension Volume {
  /// The same voxels elsewhere.
  fileprivate func placed(on grid: Grid) -> Volume {
    Volume(grid: grid, leading: leading, type: type, bytes: bytes, scaling: scaling)
  }
}
