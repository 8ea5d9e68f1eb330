import NIfTI
import Testing

@Suite struct NIfTINamesTests {
  @Test func namesAreToldFromTheirEndings() {
    #expect(NIfTIFile.stem("/a.b/case_01.nii.gz") == "case_01")
    #expect(NIfTIFile.stem("case.02.NII") == "case.02")
    #expect(NIfTIFile.hasName("x.img") && !NIfTIFile.hasName("x.dcm"))
  }

  @Test(arguments: [
    ("/a.b/case_01.nii.gz", "/a.b/case_01"), ("/a.b/case.02.HDR.GZ", "/a.b/case.02"),
    ("/a.b/case.03.mha", "/a.b/case.03"), ("/a.b/case", "/a.b/case"), ("case.nii", "case"),
  ])
  func whatLiesBesideAFileIsCalledByItsPathWithoutTheEnding(path: String, base: String) {
    #expect(NIfTIFile.base(path) == base)
  }

  @Test func filesOfAPairNameEachOther() {
    #expect(NIfTIFile.partners(of: "/a/b.hdr") == ["/a/b.img", "/a/b.img.gz"])
    #expect(NIfTIFile.partners(of: "/a/b.img.gz") == ["/a/b.hdr", "/a/b.hdr.gz"])
    #expect(NIfTIFile.partners(of: "/a/b.nii") == nil)
  }
}
