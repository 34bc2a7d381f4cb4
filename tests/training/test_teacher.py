"""The convolutional teacher: padding does not matter, and it learns."""

import torch

from kilovox.training.teacher import ConvolutionalTeacher


def test_padding_does_not_matter():
    torch.manual_seed(0)
    teacher = ConvolutionalTeacher(5, 8, 3, 0.0).eval()
    clips = torch.randn(4, 20, 5)
    clips[:, 12:] = 0
    with torch.no_grad():
        short, padded = teacher(clips[:, :12]), teacher(clips)
    torch.testing.assert_close(short, padded)


def test_it_learns_what_can_be_told_apart():
    torch.manual_seed(0)
    teacher = ConvolutionalTeacher(5, 8, 2, 0.0)
    labels = torch.arange(32) % 2
    clips = torch.randn(32, 10, 5) + labels[:, None, None]
    optimizer = torch.optim.Adam(teacher.parameters(), 0.01)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(teacher(clips), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (teacher.eval()(clips).argmax(1) == labels).float().mean() > 0.9
