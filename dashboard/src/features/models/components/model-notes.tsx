import { Notice } from '../../../components/notice.tsx'
import { useModel } from '../api/get-model.ts'

/** What a reader of the model's answers must know first, such as that it learnt from synthetic data. */
export function ModelNotes({ model }: { model: string }) {
  const notes = useModel(model).data?.champion?.notes ?? []
  return notes.map((note) => (
    <Notice key={note} tone="warn">
      <span>{note}</span>
    </Notice>
  ))
}
