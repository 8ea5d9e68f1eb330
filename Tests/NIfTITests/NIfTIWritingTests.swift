import Foundation
import Imaging
import NIfTI
import TestFolders
import Testing

@Suite struct NIfTIWritingTests {
  private func thereAndBack(
    _ volume: Volume, like header: NIfTIHeader? = nil, name: String = "x.nii.gz",
    timeStep: Double? = nil
  ) throws -> NIfTIImage {
    try withFolder { folder in
      let path = "\(folder)/\(name)"
      try NIfTIFile.write(volume, to: path, like: header, timeStep: timeStep)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [name])
      return try NIfTIFile.read(path)
    }
  }

  private func qform(_ header: NIfTIHeader) -> [UInt8] { Array(header.bytes[256..<280]) }
  private func sform(_ header: NIfTIHeader) -> [UInt8] { Array(header.bytes[280..<328]) }

  @Test func everyTypeComesBackAsItWent() throws {
    for type in VoxelType.allCases {
      for leading in [LeadingAxis.none, .time(3)] {
        let count = leading.count * Files.grid.count * type.size
        let volume = Volume(
          grid: Files.grid, leading: leading, type: type,
          bytes: (0..<count).map { UInt8($0 % 120) },
          scaling: .uniform(slope: 0.25, intercept: -3))
        for name in ["x.nii", "x.nii.gz"] {
          let back = try thereAndBack(volume, name: name).volume
          #expect(back.bytes == volume.bytes && back.type == type && back.leading == leading)
          #expect(back.scaling == volume.scaling)
          #expect(back.grid.matches(Files.grid, tolerance: 1e-5))
        }
      }
    }
  }

  @Test func withoutAHeaderBothFormsAreTheScanners() throws {
    let header = try thereAndBack(
      Volume(grid: Files.grid, values: [UInt8](repeating: 1, count: 60))
    )
    .header
    #expect(header.qformCode == 1 && header.sformCode == 1 && header.findings.isEmpty)
  }

  @Test func aMaskLiesWhereItsImageLies() throws {
    for name in try NIfTIFileTests.answers().keys where name != "sheared.nii" {
      let image = try NIfTIFile.read(Files.fixture(name))
      let mask = LabelMap(
        grid: image.volume.grid,
        labels: [UInt16](repeating: 2, count: image.volume.grid.count))
      let back = try thereAndBack(mask.volume, like: image.header)
      #expect(back.volume.type == .uint8, "\(name)")
      #expect(back.header.qformCode == image.header.qformCode, "\(name)")
      #expect(back.header.sformCode == image.header.sformCode, "\(name)")
      #expect(back.volume.grid.matches(image.volume.grid, tolerance: 1e-5), "\(name)")
      #expect(back.header.findings == image.header.findings, "\(name)")
      if image.header.version == 1 {
        if image.header.qformCode > 0 { #expect(qform(back.header) == qform(image.header)) }
        if image.header.sformCode > 0 { #expect(sform(back.header) == sform(image.header)) }
      }
    }
  }

  @Test func aShearedGridIsSaidByTheSformAlone() throws {
    let image = try NIfTIFile.read(Files.fixture("sheared.nii"))
    #expect(image.volume.grid.affine.isSheared)
    for header in [image.header, nil] {
      let back = try thereAndBack(image.volume, like: header)
      #expect(back.header.qformCode == 0 && back.header.sformCode == (header == nil ? 1 : 2))
      #expect(back.volume.grid.matches(image.volume.grid, tolerance: 1e-5))
    }
  }

  @Test func anotherGridThanTheHeadersIsBuiltAnew() throws {
    let header = try NIfTIFile.header(Files.fixture("conflict.nii"))
    let back = try thereAndBack(
      Volume(grid: Files.grid, values: [UInt8](repeating: 1, count: 60)), like: header)
    #expect(back.header.findings.isEmpty)
    #expect(back.header.qformCode == 1 && back.header.sformCode == 2)
    #expect(back.volume.grid.matches(Files.grid, tolerance: 1e-5))
  }

  @Test func manyClassesTakeSixteenBits() throws {
    var labels = [UInt16](repeating: 0, count: 60)
    labels[5] = 300
    try withFolder { folder in
      let mask = LabelMap(grid: Files.grid, labels: labels)
      try NIfTIFile.write(mask, to: folder + "/m.nii.gz")
      let volume = try NIfTIFile.read(folder + "/m.nii.gz").volume
      #expect(volume.type == .uint16)
      #expect(LabelMap(volume)?.labels == labels)
    }
  }

  @Test func scalingThatDiffersBySliceIsApplied() throws {
    let volume = Volume(
      grid: Files.grid, type: .uint8, bytes: [UInt8](repeating: 10, count: 60),
      scaling: .perSlice(slope: [1, 2, 3], intercept: [0, 0, 5]))
    let back = try thereAndBack(volume).volume
    #expect(back.type == .float32 && back.scaling == .identity)
    #expect(back.values() == volume.values())
  }

  @Test func secondsBetweenPointsInTimeAreKept() throws {
    let volume = Volume(
      grid: Files.grid, leading: .time(2), values: [Int16](repeating: 1, count: 120))
    #expect(try thereAndBack(volume, timeStep: 2.5).header.timeStep == 2.5)
    #expect(try thereAndBack(volume).header.timeStep == nil)
  }

  @Test func theSameVolumeGivesTheSameBytes() throws {
    try withFolder { folder in
      let volume = Volume(grid: Files.grid, values: (0..<60).map { Int16($0) })
      try NIfTIFile.write(volume, to: folder + "/a.nii.gz")
      try NIfTIFile.write(volume, to: folder + "/b.nii.gz")
      let bytes = Files.bytes(folder + "/a.nii.gz")
      #expect(bytes == Files.bytes(folder + "/b.nii.gz"))
      #expect(Array(bytes[3..<8]) == [0, 0, 0, 0, 0])  // RFC 1952: no name, no time
    }
  }

  @Test func onlyLargeDimensionsNeedTheSecondVersion() throws {
    for (size, version) in [(32_767, 1), (32_768, 2)] {
      let grid = Grid(size: SIMD3(1, size, 1), affine: .identity)
      let volume = Volume(grid: grid, values: (0..<size).map { UInt8($0 & 255) })
      let back = try thereAndBack(volume)
      #expect(back.header.version == version)
      #expect(back.volume == volume)
    }
  }

  @Test func aFullDiskIsAnError() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    for gzip in [false, true] {
      #expect(throws: NIfTIError.self) {
        try bytes.withUnsafeBytes {
          try writeAll([$0], gzip: gzip, to: descriptor, path: "/dev/full")
        }
      }
    }
  }

  @Test func whatCannotBeWrittenLeavesNothingBehind() throws {
    let volume = Volume(grid: Files.grid, values: [UInt8](repeating: 1, count: 60))
    try withFolder { folder in
      for path in ["\(folder)/none/x.nii", "\(folder)/x.mha"] {
        #expect(throws: NIfTIError.self) { try NIfTIFile.write(volume, to: path) }
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/taken.nii/inside", withIntermediateDirectories: true)
      #expect(throws: NIfTIError.self) { try NIfTIFile.write(volume, to: folder + "/taken.nii") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["taken.nii"])
    }
  }

  @Test func aHeaderFromAStoreIsCheckedAgain() throws {
    let header = try NIfTIFile.header(Files.fixture("int16.nii"))
    #expect(throws: NIfTIError.self) { try NIfTIHeader(bytes: Array(header.bytes.prefix(100))) }
    #expect(throws: NIfTIError.self) { try NIfTIHeader(base64: "no header") }
    #expect(throws: NIfTIError.self) { try NIfTIHeader(bytes: header.bytes.with(Int16(9), at: 40)) }
  }
}
