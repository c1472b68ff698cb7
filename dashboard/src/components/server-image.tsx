import { useQuery } from '@tanstack/react-query'
import { readFile } from '../api/read-file.ts'
import { useSession } from '../api/session.ts'

/** A picture that the server holds or draws; where the reader has a key, it is asked for with it. Nothing is shown of one that can't be read. */
export function ServerImage({ path, alt }: { path: string; alt: string }) {
  const { key } = useSession()
  return key === null ? <img src={path} alt={alt} loading="lazy" /> : <ImageWithKey path={path} alt={alt} />
}

function ImageWithKey({ path, alt }: { path: string; alt: string }) {
  const image = useQuery({
    queryKey: ['image', path],
    queryFn: async ({ signal }) => dataUrl(await readFile(path, signal)),
  })
  return image.data ? <img src={image.data} alt={alt} /> : null
}

/** The pages' content security policy lets pictures in from the server and from `data:`, and from nowhere else. */
function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(blob)
  })
}
