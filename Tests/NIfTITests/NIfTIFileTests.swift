import Foundation
import Imaging
import NIfTI
import TestFolders
import Testing

@Suite struct NIfTIFileTests {
  struct Answer: Decodable {
    let size: [Int], type: String, affine: [[Double]], codes: [Int], values: [Double]
  }

  static func answers() throws -> [String: Answer] {
    let data = Data(Files.bytes(Files.fixture("answers.json")))
    return try JSONDecoder().decode([String: Answer].self, from: data)
  }

  @Test func everyFileReadsAsNibabelDoes() throws {
    let answers = try Self.answers()
    #expect(answers.count == 28)
    for (name, answer) in answers {
      let image = try NIfTIFile.read(Files.fixture(name))
      let volume = image.volume
      let size = volume.grid.size
      #expect([size.x, size.y, size.z] == Array(answer.size.prefix(3)), "\(name)")
      #expect(volume.type.rawValue == answer.type, "\(name)")
      #expect([image.header.qformCode, image.header.sformCode] == answer.codes, "\(name)")
      let affine = Affine(ras: answer.affine)
      #expect(volume.grid.affine.distance(to: affine, over: size) < 1e-5, "\(name)")
      let values = (0..<volume.leading.count).flatMap { volume.values(lead: $0) }
      #expect(values == answer.values.map { Float($0) }, "\(name)")
    }
  }

  @Test func theFourthDimensionIsWhatTheCallerSays() throws {
    let path = Files.fixture("four.nii.gz")
    #expect(try NIfTIFile.read(path).volume.leading == .time(5))
    #expect(try NIfTIFile.read(path, fourth: .channel).volume.leading == .channel(5))
  }

  @Test func anImageOfAPairReadsAsItsHeaderDoes() throws {
    let header = try NIfTIFile.read(Files.fixture("pair.hdr"))
    #expect(try NIfTIFile.read(Files.fixture("pair.img")).volume == header.volume)
  }

  @Test func slopeAndInterceptAreKeptAndNotApplied() throws {
    let volume = try NIfTIFile.read(Files.fixture("scaled.nii")).volume
    #expect(volume.scaling == .uniform(slope: 0.5, intercept: -10))
    #expect(volume.type == .int16)
  }

  @Test func aSlopeOfZeroOrNoNumberMeansNone() throws {
    let bytes = Files.bytes(Files.fixture("scaled.nii"))
    for slope in [0, Float.nan, .infinity] {
      #expect(try Files.read(bytes.with(slope, at: 112)).volume.scaling == .identity)
    }
  }

  @Test func formsThatDisagreeAreReportedAndTheSformWins() throws {
    let image = try NIfTIFile.read(Files.fixture("conflict.nii"))
    guard case .formsDisagree(let apart)? = image.findings.first else {
      Issue.record("not reported: \(image.findings)")
      return
    }
    #expect(abs(apart - 75.0.squareRoot()) < 1e-3)
    let answer = try #require(Self.answers()["conflict.nii"])
    let affine = Affine(ras: answer.affine)
    #expect(image.volume.grid.affine.distance(to: affine, over: SIMD3(3, 4, 2)) < 1e-5)
  }

  @Test func anEmptySformGivesWayToTheQform() throws {
    var bytes = Files.bytes(Files.fixture("int16.nii"))
    let expected = try NIfTIFile.read(Files.fixture("int16.nii")).volume.grid
    for at in 280..<328 { bytes[at] = 0 }
    let image = try Files.read(bytes)
    #expect(image.findings == [.unusableSform])
    #expect(image.volume.grid.matches(expected, tolerance: 1e-4))
  }

  @Test func withoutFormsTheVoxelSizesPlaceAndThatIsReported() throws {
    let bytes = Files.bytes(Files.fixture("int16.nii")).with(UInt32(0), at: 252)
    let image = try Files.read(bytes)
    #expect(image.findings == [.orientationUnknown])
    #expect(image.volume.grid.affine.spacing == SIMD3(1.5, 0.75, 2.5))
  }

  @Test func otherUnitsBecomeMillimetres() throws {
    let bytes = Files.bytes(Files.fixture("int16.nii")).with(UInt8(1), at: 123)
    let image = try Files.read(bytes)
    #expect(image.findings == [.unitsConverted(millimetres: 1000)])
    #expect(abs(image.volume.grid.affine.spacing.x - 1500) < 1e-3)
  }

  @Test func voxelsThatAreNoNumbersAreCountedAndKept() throws {
    try withFolder { folder in
      var values = [Float](repeating: 1, count: Files.grid.count)
      (values[3], values[7]) = (.nan, -.infinity)
      try NIfTIFile.write(Volume(grid: Files.grid, values: values), to: folder + "/x.nii.gz")
      let image = try NIfTIFile.read(folder + "/x.nii.gz")
      #expect(image.findings == [.nonFiniteVoxels(2)])
      #expect(image.volume.values()[3].isNaN)
    }
  }

  @Test func freeTextDoesNotSurvive() throws {
    for name in ["int16.nii", "int16-big.nii", "nifti2.nii.gz"] {
      let header = try NIfTIFile.header(Files.fixture(name))
      #expect(!String(decoding: header.bytes, as: UTF8.self).contains("PHANTOM"))
      #expect(try NIfTIHeader(base64: header.base64) == header)
    }
  }
}
