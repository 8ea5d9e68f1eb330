"""Writes the DICOM folders that the ingest benchmark reads: one CT in five encodings, and many small MR files.

    python synthesise.py FOLDER     # needs numpy, pydicom, pylibjpeg-openjpeg, pyjpegls; dcmcjpeg (Debian: dcmtk)

The CT is 300 slices of 512×512, 12 bits of 16, with the noise of a scanner: its strength about 18 HU in the body, its grain
about one pixel wide (filtered back projection), so that it compresses as scans do. The MR is ten series of twenty
time points of 25 slices of 64×64, with headers as long as a scanner's.
"""
import pathlib
import subprocess
import sys

import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, MRImageStorage, RLELossless)

LOSSLESS_JPEG = "1.2.840.10008.1.2.4.70"
SIDE, SLICES = 512, 300


def grain(random, shape, width=0.8):
    """Gaussian noise of unit strength whose grain is `width` pixels wide."""
    spectrum = numpy.fft.rfft2(random.standard_normal(shape, numpy.float32))
    y, x = numpy.fft.fftfreq(shape[0])[:, None], numpy.fft.rfftfreq(shape[1])[None, :]
    noise = numpy.fft.irfft2(spectrum * numpy.exp(-2 * (numpy.pi * width) ** 2 * (x * x + y * y)), shape)
    return noise / noise.std()


def ct_slice(z, random):
    """HU of one slice: a body with fat, lungs, bones and vessels on a table, in air."""
    y, x = numpy.mgrid[-1:1:SIDE * 1j, -1:1:SIDE * 1j].astype(numpy.float32)
    lift = numpy.sin(z / 40)
    hu = numpy.full((SIDE, SIDE), -1000, numpy.float32)
    body = (x / 0.86) ** 2 + (y / 0.62) ** 2 < 1
    hu[body] = -100
    hu[(x / 0.8) ** 2 + (y / 0.56) ** 2 < 1] = 45
    for side in (-1, 1):
        lung = ((x - side * 0.38) / (0.28 + 0.03 * lift)) ** 2 + ((y + 0.05) / 0.42) ** 2 < 1
        hu[lung] = -860 + 60 * y[lung]
        rib = numpy.abs(((x - side * 0.38) / 0.36) ** 2 + ((y + 0.05) / 0.5) ** 2 - 1) < 0.04
        hu[rib & (numpy.sin(9 * numpy.arctan2(y, x) + z / 9) > 0.4)] = 600
    hu[(x / 0.1) ** 2 + ((y - 0.36) / 0.11) ** 2 < 1] = 250
    for n in range(40):
        cx, cy = 0.5 * numpy.sin(n * 2.4 + z / 60), 0.35 * numpy.cos(n * 1.7 - z / 50)
        hu[(x - cx) ** 2 + (y - cy) ** 2 < (0.008 + 0.0006 * n) ** 2] = 160
    hu[(numpy.abs(y - 0.72) < 0.01) & (numpy.abs(x) < 0.7)] = -200
    hu += grain(random, hu.shape) * numpy.where(body, 18, 9).astype(numpy.float32)
    return numpy.clip(hu.round() + 1024, 0, 4095).astype(numpy.uint16)


def header(kind, series, number, rows, columns, position, pixel, step):
    """What a scanner writes of one slice, the private block of its vendor included."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CTImageStorage if kind == "CT" else MRImageStorage
    meta.MediaStorageSOPInstanceUID = f"2.25.{series}{number:06d}"
    item = Dataset()
    item.file_meta = meta
    item.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if kind == "CT" else "M"]
    item.SOPClassUID, item.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    for date in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(item, date, "20240131")
    for time in ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"):
        setattr(item, time, "101500.000000")
    item.ContentTime = f"{101500 + number // 50:06d}.{number % 50 * 20000:06d}"
    item.AccessionNumber, item.Modality, item.Manufacturer = "A1", kind, "SIEMENS"
    item.InstitutionName, item.StationName, item.ManufacturerModelName = "Hospital", "STATION", "Scanner"
    item.StudyDescription, item.SeriesDescription, item.ProtocolName = "study", f"series {series}", "protocol"
    item.PatientName, item.PatientID, item.PatientSex = "Phantom^One", "PHANTOM-1", "O"
    item.PatientBirthDate, item.PatientAge, item.PatientWeight = "19700101", "054Y", "70"
    item.BodyPartExamined, item.PatientPosition = "CHEST" if kind == "CT" else "HEAD", "HFS"
    item.SliceThickness, item.SpacingBetweenSlices = str(step), str(step)
    if kind == "CT":
        item.KVP, item.ConvolutionKernel, item.XRayTubeCurrent, item.ExposureTime = "120", "B30f", "200", "500"
        item.RescaleIntercept, item.RescaleSlope, item.RescaleType = "-1024", "1", "HU"
        item.WindowCenter, item.WindowWidth, item.GantryDetectorTilt = "40", "400", "0"
    else:
        item.ScanningSequence, item.SequenceVariant, item.MRAcquisitionType = "EP", "SK", "2D"
        item.RepetitionTime, item.EchoTime, item.FlipAngle, item.EchoNumbers = "2000", "30", "77", "1"
        item.MagneticFieldStrength, item.ImagingFrequency, item.NumberOfAverages = "3", "123.2", "1"
        item.EchoTrainLength, item.PercentSampling, item.PixelBandwidth = "1", "100", "2232"
    item.SoftwareVersions, item.DeviceSerialNumber = "syngo", "12345"
    item.StudyInstanceUID, item.SeriesInstanceUID = "2.25.1", f"2.25.7{series}"
    item.FrameOfReferenceUID, item.PositionReferenceIndicator = "2.25.2", ""
    item.StudyID, item.SeriesNumber, item.InstanceNumber = "1", str(series), str(number)
    item.AcquisitionNumber = "1" if kind == "CT" else str((number - 1) // 25 + 1)
    item.ImagePositionPatient = [f"{v:.6g}" for v in position]
    item.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    item.SliceLocation = f"{position[2]:.6g}"
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.Rows, item.Columns, item.PixelSpacing = rows, columns, [str(pixel), str(pixel)]
    item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 16, 12, 11, 0
    block = item.private_block(0x0077, "VENDOR HEADER", create=True)
    for element in range(0x08, 0x48):
        block.add_new(element, "LO", f"value {element} of {number}")
    return item


def write_ct(folder):
    """The same slices uncompressed and in each encoding."""
    random = numpy.random.default_rng(1)
    raw = folder / "ct-raw"
    raw.mkdir(parents=True)
    for z in range(SLICES):
        item = header("CT", 1, z + 1, SIDE, SIDE, (-180, -180, -300 + 1.5 * z), 0.7, 1.5)
        item.PixelData = ct_slice(z, random).tobytes()
        item.save_as(raw / f"IM{z:04d}.dcm", enforce_file_format=True)
    for name, syntax in (("ct-rle", RLELossless), ("ct-jpegls", JPEGLSLossless), ("ct-j2k", JPEG2000Lossless)):
        (folder / name).mkdir()
        for path in sorted(raw.iterdir()):
            item = pydicom.dcmread(path)
            item.compress(syntax, generate_instance_uid=False)
            item.save_as(folder / name / path.name)
    (folder / "ct-jpegll").mkdir()
    for path in sorted(raw.iterdir()):
        subprocess.run(["dcmcjpeg", "+e1", "+un", path, folder / "ct-jpegll" / path.name], check=True)


def write_mr(folder, series=10, times=20, slices=25, side=64):
    """Series of one head in time."""
    random = numpy.random.default_rng(2)
    y, x = numpy.mgrid[-1:1:side * 1j, -1:1:side * 1j]
    (folder / "mr-small").mkdir(parents=True)
    for one in range(1, series + 1):
        for number in range(1, times * slices + 1):
            z = (number - 1) % slices
            head = (x / 0.7) ** 2 + (y / (0.9 - 0.01 * abs(z - 12))) ** 2 < 1
            signal = numpy.where(head, 700 + 200 * numpy.sin(7 * x * y + z / 3), 0)
            noisy = numpy.hypot(signal + 20 * random.standard_normal(x.shape), 20 * random.standard_normal(x.shape))
            item = header("MR", one, number, side, side, (-110, -110, -50 + 4.0 * z), 3.44, 4.0)
            item.PixelData = noisy.round().clip(0, 4095).astype(numpy.uint16).tobytes()
            item.save_as(folder / "mr-small" / f"{one:02d}-{number:04d}.dcm", enforce_file_format=True)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1])
    write_mr(target)
    write_ct(target)
