import DICOM
import Imaging
import TestFolders
import Testing

/// What vendors say in private, on a sound slice with a few elements more.
@Suite struct VendorTests {
  private func plane(_ change: (DICOMWriter.Item) throws -> Void) throws -> DICOMHeader.Plane {
    try withFolder { folder in
      try DICOMFile.header(try SyntheticSeries().write(folder, change)).planes[0]
    }
  }

  /// GE's sequence B0map: the first volume's instances are the field, the rest magnitudes.
  @Test func aFieldMapOfGEIsToldFromItsMagnitudesByItsNumber() throws {
    func component(_ instance: Int, of name: String = "B0map") throws -> DICOMHeader.Component? {
      try plane { item in
        try item.put(0x0019_0010, "LO", "GEMS_ACQU_01")
        try item.put(0x0019_109E, "LO", name)
        try item.put(0x0021_0010, "LO", "GEMS_RELA_01")
        try item.put(0x0021_104F, "SS", numbers: [3])
        try item.put(0x0020_0013, "IS", "\(instance)")
      }.component
    }
    #expect(try component(1) == .fieldmap && component(3) == .fieldmap)
    #expect(try component(4) == .magnitude)
    #expect(try component(1, of: "EPI") == nil)
  }

  @Test func theImageTypeOfGESaysWhatOfTheSignalIsShown() throws {
    func said(_ tag: UInt32, _ value: Double, standard: String? = nil) throws
      -> DICOMHeader.Plane
    {
      try plane { item in
        try item.put(0x0043_0010, "LO", "GEMS_PARM_01")
        try item.put(tag, "SS", numbers: [value])
        if let standard { try item.put(0x0008_9208, "CS", standard) }
      }
    }
    let shown = try (0...4).map { try said(0x0043_102F, Double($0)).component }
    #expect(shown == [.magnitude, .phase, .real, .imaginary, nil])
    #expect(try said(0x0043_102F, 0, standard: "PHASE").component == .phase)
    #expect(try said(0x0043_1030, 1).imageType.hasSuffix("COLLAPSE1"))
    #expect(try said(0x0043_1030, 6).imageType == "ORIGINAL\\PRIMARY")
  }

  /// Philips' scanners write what they compute from a diffusion series into that series.
  @Test func anIsotropicImageIsKeptApartFromTheDirectionsItWasMadeOf() throws {
    func type(_ direction: String, _ value: Double) throws -> String {
      try plane { item in
        try item.put(0x2001_0010, "LO", "Philips Imaging DD 001")
        try item.put(0x2001_1004, "CS", direction)
        try item.put(0x2001_1003, "FL", numbers: [value])
      }.imageType
    }
    #expect(try type("I", 1000) == "ORIGINAL\\PRIMARY\\ISOTROPIC")
    #expect(try type("I", 0) == "ORIGINAL\\PRIMARY")
    #expect(try type("O", 1000) == "ORIGINAL\\PRIMARY")
  }

  /// Some de-identifiers take away who has reserved a private block and leave what is in it.
  @Test func philipsScaleSlopeIsReadAlsoWhereItsBlockHasLostItsName() throws {
    func slope(creator: String?, maker: String = "Philips Medical Systems") throws -> Double? {
      try plane { item in
        try item.put(0x0008_0070, "LO", maker)
        if let creator { try item.put(0x2005_0010, "LO", creator) }
        try item.put(0x2005_100E, "FL", numbers: [0.25])
      }.scaleSlope
    }
    #expect(try slope(creator: "Philips MR Imaging DD 001") == 0.25)
    #expect(try slope(creator: nil) == 0.25)
    #expect(try slope(creator: "Philips MR Imaging DD 005") == nil)
    #expect(try slope(creator: nil, maker: "SIEMENS") == nil)
  }

  /// Scanners of 2000 write who has reserved a block in capitals, and take the blocks from the last.
  @Test func privateBlocksMayLieAnywhereAndTheirNamesInCapitals() throws {
    let plane = try plane { item in
      try item.put(0x2005_00FB, "LO", "PHILIPS MR IMAGING DD 001")
      try item.put(0x2005_FB0E, "FL", numbers: [0.25])
      try item.put(0x2005_00FC, "LO", "PHILIPS MR IMAGING DD 002")
      try item.put(0x2005_FC0E, "FL", numbers: [4])
    }
    #expect(plane.scaleSlope == 0.25)
  }

  /// Hitachi's scanners write an empty Shared Functional Groups Sequence into images of one slice.
  @Test func sharedGroupsAloneDoNotMakeASliceMultiFrame() throws {
    let plane = try plane { item in
      try item.put(0x0028_0008, "IS", "1")
      try item.put(0x0020_0032, "DS", "3\\5\\7")
      _ = try item.addItem(0x5200_9229)
    }
    #expect(plane.position == SIMD3(3, 5, 7) && plane.index == 0)
  }

  /// Archives of Philips leave a Real World Value Mapping and take the rescale slope away.
  @Test func aRealWorldValueMappingCountsWhereThereIsNoRescaleSlope() throws {
    func rescale(
      _ maps: Int, slope: String? = nil, maker: String = "Philips Medical Systems"
    ) throws -> [Double] {
      let plane = try plane { item in
        try item.put(0x0008_0070, "LO", maker)
        if let slope { try item.put(0x0028_1053, "DS", slope) }
        for number in 0..<maps {
          let map = try item.addItem(0x0040_9096)
          try map.put(0x0040_9224, "FD", numbers: [-3])
          try map.put(0x0040_9225, "FD", numbers: [1.5 + Double(number)])
        }
      }
      return [plane.slope, plane.intercept]
    }
    #expect(try rescale(1) == [1.5, -3])
    #expect(try rescale(1, slope: "2") == [2, 0])
    #expect(try rescale(1, maker: "GE MEDICAL SYSTEMS") == [1, 0])
    #expect(try rescale(2) == [1, 0] && rescale(0) == [1, 0])
  }

  /// Frames of a file without Dimension Index Sequence: the last of the indices is the slowest, as in dcm2niix.
  @Test func framesWhoseDimensionsHaveNoNamesFollowTheLast() throws {
    let indices = try withFolder { folder in
      let path = try SyntheticSeries().write(folder) { item in
        try item.put(0x0028_0008, "IS", "1")
        let frame = try item.addItem(0x5200_9230)
        let content = try frame.addItem(0x0020_9111)
        try content.put(0x0020_9157, "UL", numbers: [1, 4, 2, 65])
        try frame.addItem(0x0020_9113).put(0x0020_0032, decimals: [0, 0, 4])
        try frame.addItem(0x0020_9116).put(0x0020_0037, decimals: [1, 0, 0, 0, 1, 0])
        try frame.addItem(0x0028_9110).put(0x0028_0030, decimals: [1, 1])
      }
      return try DICOMFile.header(path).planes[0].time.indices
    }
    #expect(indices == [65, 2, 4, 1])
  }

  /// United Imaging's grid: tiles of 2 × 2 pixels on a sheet, each with a header of its own.
  private func grid(_ folder: String, at places: [Double]) throws -> DICOMHeader {
    var sheet = [UInt8](repeating: 0, count: 32)
    for pixel in 0..<16 {
      let (x, y) = (pixel % 4, pixel / 4)
      sheet[pixel * 2] = UInt8((y / 2 * 2 + x / 2) * 10 + y % 2 * 2 + x % 2)
    }
    let path = try SyntheticSeries().write(folder, pixels: sheet) { item in
      try item.put(0x0008_0070, "LO", "UIH")
      try item.put(0x0020_0032, "DS", "9\\9\\9")
      try item.put(0x0028_0010, "US", numbers: [4])
      try item.put(0x0028_0011, "US", numbers: [4])
      try item.put(0x0028_0030, "DS", "2\\2")
      try item.put(0x0065_0010, "LO", "Image Private Header")
      for place in places {
        try item.addItem(0x0065_1051).put(0x0020_0032, decimals: [-3, -5, place])
      }
    }
    return try DICOMFile.header(path)
  }

  @Test func tilesOfAGridLieWhereTheirOwnHeadersSay() throws {
    try withFolder { folder in
      let header = try grid(folder, at: [7, 1, 4])
      #expect(header.tiling == SIMD2(2, 2) && header.planes.map(\.index) == [0, 1, 2])
      let volume = try #require(DICOMSeries.group([header]).series.first).volume()
      #expect(volume.grid.size == SIMD3(2, 2, 3))
      #expect(volume.grid.affine.origin == SIMD3(-3, -5, 1))
      #expect(volume.grid.affine.z == SIMD3(0, 0, 3))
      #expect(
        volume.values() == [1, 2, 0].flatMap { tile in (0..<4).map { Float(tile * 10 + $0) } })
    }
  }

  @Test func aGridWhoseTilesDoNotDivideTheSheetIsRefused() throws {
    try withFolder { folder in
      let error = #expect(throws: DICOMError.self) { try grid(folder, at: [1, 2, 3, 4, 5]) }
      #expect(error?.code == "geometry" && error?.reason.contains("5 tiles") == true)
    }
  }
}
